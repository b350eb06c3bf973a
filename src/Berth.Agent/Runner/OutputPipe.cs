using System.Diagnostics;
using Berth.Agent.Masking;

namespace Berth.Agent.Runner;

/// <summary>A pipe whose write end goes to the child.</summary>
internal sealed unsafe class OutputPipe : IDisposable
{
    private int _readEnd;

    public OutputPipe()
    {
        var ends = stackalloc int[2];
        if (Native.Pipe(ends, Native.OpenCloseOnExec) != 0) throw new IOException($"pipe: error {Native.LastError}");
        (_readEnd, WriteEnd) = (ends[0], ends[1]);
    }

    public int WriteEnd { get; }

    public int TakeReadEnd() => Interlocked.Exchange(ref _readEnd, -1);

    public void Dispose()
    {
        _ = Native.Close(WriteEnd);
        if (_readEnd >= 0) _ = Native.Close(_readEnd);
    }
}

/// <summary>Reads one pipe into its buffer until every writer is gone.</summary>
internal sealed unsafe class PipeReader
{
    private const int PollIn = 1;

    private readonly Thread _thread;
    private readonly OutputBuffer _buffer;
    private volatile bool _stop;

    public PipeReader(int fd, OutputBuffer buffer, EchoStream? echo, Action appended)
    {
        _buffer = buffer;
        _thread = new Thread(() => Loop(fd, echo, appended)) { IsBackground = true, Name = "output" };
        _thread.Start();
    }

    /// <summary>
    /// Returns when the pipe is read to its end. All processes of the slot are dead by now, so that end is near: only a stranger that
    /// was handed the pipe could hold it open, and is not waited for longer than this.
    /// </summary>
    public void Finish(TimeSpan afterLastByte)
    {
        while (!_thread.Join(afterLastByte))
        {
            if (Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastByte)) < afterLastByte || Interlocked.Read(ref _blocked) == 1) continue;
            _stop = true;
            _buffer.Abandon();
            afterLastByte = TimeSpan.FromSeconds(1);
        }
    }

    private long _lastByte = Stopwatch.GetTimestamp();
    private long _blocked;

    private void Loop(int fd, EchoStream? echo, Action appended)
    {
        var bytes = new byte[Berth.Protocol.Runner.RunnerWire.ChunkBytes];
        var poll = new Native.PollFd { Fd = fd, Events = PollIn };
        while (!_stop)
        {
            var ready = Native.Poll(&poll, 1, 200);
            if (ready == 0 || (ready < 0 && Native.LastError == Native.Interrupted)) continue;
            nint count;
            fixed (byte* start = bytes) count = Native.Read(fd, start, bytes.Length);
            if (count < 0 && Native.LastError == Native.Interrupted) continue;
            if (count <= 0) break;
            Interlocked.Exchange(ref _lastByte, Stopwatch.GetTimestamp());
            var data = bytes.AsSpan(0, (int)count);
            Interlocked.Exchange(ref _blocked, 1);
            echo?.Write(data);
            if (!_buffer.Append(data)) break;
            Interlocked.Exchange(ref _blocked, 0);
            appended();
        }
        echo?.Flush();
        _ = Native.Close(fd);
    }
}

/// <summary>Output of a step as the container's own, for <c>kubectl logs</c>; masked like everything that leaves the slot.</summary>
internal sealed class EchoStream(Stream target, SecretPatterns secrets)
{
    private readonly Masker _masker = new(secrets);

    public void Write(ReadOnlySpan<byte> data) => Put(_masker.Push(data));

    public void Flush() => Put(_masker.Flush());

    private void Put(byte[] masked)
    {
        try
        {
            if (masked.Length > 0) target.Write(masked);
            target.Flush();
        }
        catch (IOException)
        {
            // Nobody reads the container's output any more; the agent's copy is the one that counts.
        }
    }
}

/// <summary>The container's own output streams.</summary>
internal static class StandardStreams
{
    public static Stream Out { get; } = Stream.Synchronized(Console.OpenStandardOutput());

    public static Stream Error { get; } = Stream.Synchronized(Console.OpenStandardError());
}
