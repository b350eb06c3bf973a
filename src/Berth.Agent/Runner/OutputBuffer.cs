using Berth.Protocol.Runner;

namespace Berth.Agent.Runner;

/// <summary>
/// Output of one stream that the agent has not made safe yet, in a ring. A full ring holds the command back: nothing is lost
/// and memory is bounded.
/// </summary>
internal sealed class OutputBuffer(int stream, int capacity)
{
    private readonly object _gate = new();
    private readonly byte[] _ring = new byte[capacity];
    private long _start; // everything before is safe
    private long _sent;
    private long _end;
    private bool _abandoned;

    public int Stream => stream;

    /// <summary>Appends all of it, waiting for room; false once the buffer was abandoned.</summary>
    public bool Append(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            while (_end - _start + data.Length > capacity && !_abandoned) Monitor.Wait(_gate);
            if (_abandoned) return false;
            var at = (int)(_end % capacity);
            var first = Math.Min(data.Length, capacity - at);
            data[..first].CopyTo(_ring.AsSpan(at));
            data[first..].CopyTo(_ring);
            _end += data.Length;
            return true;
        }
    }

    /// <summary>The next piece that was not sent on this connection, as a frame.</summary>
    public byte[]? TakeUnsent()
    {
        lock (_gate)
        {
            if (_sent == _end) return null;
            var at = (int)(_sent % capacity);
            var length = (int)Math.Min(Math.Min(_end - _sent, RunnerWire.ChunkBytes), capacity - at);
            var frame = RunnerWire.Output(stream, _sent, _ring.AsSpan(at, length));
            _sent += length;
            return frame;
        }
    }

    /// <summary>Everything before this offset is safe.</summary>
    public void Acknowledge(long offset)
    {
        lock (_gate)
        {
            _start = Math.Clamp(offset, _start, _end);
            _sent = Math.Max(_sent, _start);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A new connection wants the output from this offset on.</summary>
    public void Rewind(long offset)
    {
        lock (_gate)
        {
            _start = Math.Clamp(offset, _start, _end);
            _sent = _start;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Nobody wants the rest.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            Monitor.PulseAll(_gate);
        }
    }
}
