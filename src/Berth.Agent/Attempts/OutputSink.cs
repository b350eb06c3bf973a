using System.Buffers;
using Berth.Agent.Masking;
using Berth.Agent.Slots;
using Berth.Agent.Spool;
using Berth.Protocol.Runner;

namespace Berth.Agent.Attempts;

/// <summary>Masks a step's output and puts it into the attempt's spool; a captured standard output goes to memory instead.</summary>
internal sealed class OutputSink(string step, string token, int number, OutputSpool spool, SecretPatterns secrets, Capture? capture, Action<DateTimeOffset> started, Action arrived, Action<long>? saveWanted = null) : IStepSink
{
    private readonly Lane[] _lanes = [new(1, secrets), new(2, secrets)];
    private TaskCompletionSource<StepEnded?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Step => step;

    public string? Token => token;

    /// <summary>The end of the step; null when the connection ended first.</summary>
    public Task<StepEnded?> Ended => _ended.Task;

    /// <summary>Makes ready for a new connection; the answer says from where output is wanted.</summary>
    public AttachStep Rewind()
    {
        _ended = new TaskCompletionSource<StepEnded?>(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var lane in _lanes) lane.Reset(secrets, SafeOf(lane.Stream));
        return new AttachStep { Step = step, Stdout = _lanes[0].Next, Stderr = _lanes[1].Next };
    }

    public void OnStarted(DateTimeOffset at) => started(at);

    public long OnOutput(int stream, long offset, ReadOnlySpan<byte> data)
    {
        var lane = _lanes[stream == 2 ? 1 : 0];
        if (offset > lane.Next) lane.Reset(secrets, offset); // acknowledged by an agent that was killed, past the spool's limit
        var known = (int)Math.Min(data.Length, lane.Next - offset);
        data = data[known..];
        lane.Next += data.Length;
        if (capture is not null && lane.Stream == 1)
        {
            capture.Add(data);
            return lane.Next;
        }
        var masked = lane.Masker.Push(data);
        spool.Append(number, lane.Stream, lane.Safe, masked);
        arrived();
        return lane.Safe;
    }

    public void OnEnded(StepEnded end)
    {
        foreach (var lane in _lanes)
        {
            var rest = lane.Masker.Flush();
            if (rest.Length > 0) spool.Append(number, lane.Stream, lane.Next, rest);
        }
        arrived();
        _ended.TrySetResult(end);
    }

    public void OnSaveWanted(long request) => saveWanted?.Invoke(request);

    public void OnClosed() => _ended.TrySetResult(null);

    private long SafeOf(int stream) => capture is not null && stream == 1 ? capture.Length : spool.RawEnd(number, stream);

    private sealed class Lane(int stream, SecretPatterns secrets)
    {
        public int Stream => stream;

        public Masker Masker { get; private set; } = new(secrets);

        public long Next { get; set; }

        public long Safe => Next - Masker.Held;

        public void Reset(SecretPatterns patterns, long at) => (Masker, Next) = (new Masker(patterns), at);
    }
}

/// <summary>Standard output of a describer, up to a limit.</summary>
internal sealed class Capture(int limit)
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public long Length { get; private set; }

    public bool Truncated => Length > limit;

    public byte[] Bytes => _bytes.WrittenSpan.ToArray();

    public void Add(ReadOnlySpan<byte> data)
    {
        Length += data.Length;
        _bytes.Write(data[..(int)Math.Min(data.Length, limit - _bytes.WrittenCount)]);
    }
}
