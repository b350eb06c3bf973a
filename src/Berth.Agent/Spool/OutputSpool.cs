using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Spool;

/// <summary>
/// Masked output of an attempt on disk, in chunks that also say which raw output of the runner they stand for; so an agent that
/// was killed goes on at the very byte. Offsets that the operator sees count masked bytes.
/// </summary>
internal sealed class OutputSpool : IDisposable
{
    private const int HeaderBytes = 14;

    private readonly object _gate = new();
    private readonly long _limit;
    private readonly SafeFileHandle _file;
    private readonly List<Chunk> _chunks = [];
    private readonly Dictionary<(int Step, int Stream), long> _raw = [];
    private long _filePosition;
    private bool _capped;

    private readonly record struct Chunk(long Offset, long Position, int Length, int Step, int Stream);

    public OutputSpool(string path, long limit)
    {
        _limit = limit;
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        Recover();
    }

    /// <summary>Bytes of masked output.</summary>
    public long Length { get; private set; }

    /// <summary>Offset of the first byte that the operator has not stored.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Whether no more output comes.</summary>
    public bool Ended { get; set; }

    /// <summary>Whether the operator was told, by this agent process, that no more comes.</summary>
    public bool EndSent { get; set; }

    public DateTimeOffset? LastOutputAt { get; private set; }

    public long Unacknowledged => Math.Max(0, Length - Acknowledged);

    /// <summary>How far the raw output of a step's stream is in here.</summary>
    public long RawEnd(int step, int stream)
    {
        lock (_gate) return _raw.GetValueOrDefault((step, stream));
    }

    /// <summary>Adds masked bytes; <paramref name="rawEnd"/> is the raw offset after what they stand for.</summary>
    public void Append(int step, int stream, long rawEnd, ReadOnlySpan<byte> masked)
    {
        lock (_gate)
        {
            LastOutputAt = DateTimeOffset.UtcNow;
            if (!_capped && masked.Length > 0)
            {
                var room = (int)Math.Min(masked.Length, Math.Max(0, _limit - Length));
                if (room > 0) Write(step, stream, rawEnd, masked[..room]);
                if (room < masked.Length) Cap(step, stream, rawEnd);
            }
            _raw[(step, stream)] = rawEnd;
        }
    }

    /// <summary>Reads masked output from an offset, at most this much.</summary>
    public byte[] Read(long offset, int most)
    {
        lock (_gate)
        {
            var result = new byte[(int)Math.Clamp(Length - offset, 0, most)];
            var at = FindChunk(offset);
            for (var filled = 0; filled < result.Length; at++)
            {
                var chunk = _chunks[at];
                var skip = (int)(offset + filled - chunk.Offset);
                var take = Math.Min(chunk.Length - skip, result.Length - filled);
                Fill(result.AsSpan(filled, take), chunk.Position + skip);
                filled += take;
            }
            return result;
        }
    }

    /// <summary>Masked output of one stream of one step, at most this much.</summary>
    public (byte[] Bytes, bool Truncated) Select(int step, int stream, int most)
    {
        lock (_gate)
        {
            using var selected = new MemoryStream();
            foreach (var chunk in _chunks)
            {
                if (chunk.Step != step || chunk.Stream != stream) continue;
                var take = (int)Math.Min(chunk.Length, most - selected.Length);
                if (take == 0) return (selected.ToArray(), true);
                var bytes = new byte[take];
                Fill(bytes, chunk.Position);
                selected.Write(bytes);
            }
            return (selected.ToArray(), false);
        }
    }

    /// <summary>The last line that is not empty, for messages.</summary>
    public string? LastLine()
    {
        var tail = Read(Math.Max(0, Length - 2048), 2048);
        var line = Encoding.UTF8.GetString(tail).Split('\n').LastOrDefault(l => l.Trim().Length > 0)?.Trim();
        return line is { Length: > 300 } ? line[..300] + "…" : line;
    }

    public void Acknowledge(long offset)
    {
        lock (_gate) Acknowledged = Math.Clamp(offset, Acknowledged, Length);
    }

    public void Dispose() => _file.Dispose();

    private void Cap(int step, int stream, long rawEnd)
    {
        _capped = true;
        Write(step, stream, rawEnd, Encoding.UTF8.GetBytes($"\n[berth: output is longer than {_limit.ToString(CultureInfo.InvariantCulture)} bytes; the rest is not kept]\n"));
    }

    private void Write(int step, int stream, long rawEnd, ReadOnlySpan<byte> masked)
    {
        var record = new byte[HeaderBytes + masked.Length];
        (record[0], record[1]) = ((byte)step, (byte)stream);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(2), rawEnd);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(10), masked.Length);
        masked.CopyTo(record.AsSpan(HeaderBytes));
        RandomAccess.Write(_file, record, _filePosition);
        Add(step, stream, masked.Length);
    }

    private void Add(int step, int stream, int length)
    {
        _chunks.Add(new Chunk(Length, _filePosition + HeaderBytes, length, step, stream));
        _filePosition += HeaderBytes + length;
        Length += length;
    }

    private void Recover()
    {
        var size = RandomAccess.GetLength(_file);
        Span<byte> header = stackalloc byte[HeaderBytes];
        while (_filePosition + HeaderBytes <= size)
        {
            Fill(header, _filePosition);
            var length = BinaryPrimitives.ReadInt32LittleEndian(header[10..]);
            if (length <= 0 || _filePosition + HeaderBytes + length > size) break;
            _raw[(header[0], header[1])] = BinaryPrimitives.ReadInt64LittleEndian(header[2..]);
            Add(header[0], header[1], length);
        }
        RandomAccess.SetLength(_file, _filePosition);
        _capped = Length > _limit;
    }

    private int FindChunk(long offset)
    {
        int low = 0, high = _chunks.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_chunks[middle].Offset <= offset) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    private void Fill(Span<byte> target, long position)
    {
        for (var filled = 0; filled < target.Length;)
        {
            var count = RandomAccess.Read(_file, target[filled..], position + filled);
            if (count == 0) throw new IOException("the output spool is shorter than it was");
            filled += count;
        }
    }
}
