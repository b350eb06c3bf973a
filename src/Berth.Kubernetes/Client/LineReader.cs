using System.Buffers;
using System.IO.Pipelines;

namespace Berth.Kubernetes;

/// <summary>Cuts a stream into lines without copying them, unless a line spans several buffers.</summary>
internal sealed class LineReader(Stream stream) : IAsyncDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
    private ReadOnlySequence<byte> _buffer;
    private byte[]? _joined;
    private bool _ended;

    /// <summary>The next line that is there already; false when more must be read. The line is valid until the next call.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        while (_buffer.PositionOf((byte)'\n') is { } end)
        {
            var slice = _buffer.Slice(0, end);
            _buffer = _buffer.Slice(_buffer.GetPosition(1, end));
            if (slice.Length == 0) continue;
            line = Join(slice);
            return true;
        }
        // The last line may lack its end; half a line is not JSON and is reported as such by whoever parses it.
        if (_ended && _buffer.Length > 0)
        {
            line = Join(_buffer);
            _buffer = default;
            return true;
        }
        line = default;
        return false;
    }

    /// <summary>Waits for more bytes; false at the end of the stream.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_ended) return false;
        _pipe.AdvanceTo(_buffer.Start, _buffer.End);
        var result = await _pipe.ReadAsync(cancellationToken);
        _buffer = result.Buffer;
        _ended = result.IsCompleted;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_joined is not null) ArrayPool<byte>.Shared.Return(_joined);
        _joined = null;
        await _pipe.CompleteAsync();
    }

    private ReadOnlyMemory<byte> Join(ReadOnlySequence<byte> slice)
    {
        if (slice.IsSingleSegment) return slice.First;
        if (_joined is null || _joined.Length < slice.Length)
        {
            if (_joined is not null) ArrayPool<byte>.Shared.Return(_joined);
            _joined = ArrayPool<byte>.Shared.Rent(checked((int)slice.Length));
        }
        slice.CopyTo(_joined);
        return _joined.AsMemory(0, (int)slice.Length);
    }
}
