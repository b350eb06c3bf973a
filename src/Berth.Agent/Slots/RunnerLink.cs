using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Berth.Protocol.Runner;

namespace Berth.Agent.Slots;

/// <summary>The connection to the runner is over. What it was doing goes on in the slot.</summary>
internal sealed class RunnerLinkClosedException() : IOException("the connection to the slot's runner is over");

/// <summary>A file in the slot cannot be read or written.</summary>
internal sealed class SlotFileException(string message, bool missing) : IOException(message)
{
    public bool Missing => missing;
}

/// <summary>Takes what the runner says about a step.</summary>
internal interface IStepSink
{
    string Step { get; }

    /// <summary>The attempt's token, which everything said about the step must carry; null takes any.</summary>
    string? Token { get; }

    void OnStarted(DateTimeOffset at);

    /// <summary>Takes output; the answer is the offset up to which it is safe.</summary>
    long OnOutput(int stream, long offset, ReadOnlySpan<byte> data);

    void OnEnded(StepEnded end);

    /// <summary>The command asks for a checkpoint.</summary>
    void OnSaveWanted(long request);

    void OnClosed();
}

/// <summary>The agent's side of one connection with a runner that was recognised.</summary>
internal sealed class RunnerLink(RunnerChannel channel, RunnerHello hello, long boot)
{
    private readonly ConcurrentDictionary<long, Request> _requests = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _gate = new();
    private IStepSink? _sink;
    private long _nextId;
    private bool _over;

    private sealed record Request(Stream? Target, TaskCompletionSource<Done> Answer);

    public long Boot => boot;

    public StepState? HeldStep { get; private set; } = hello.Step;

    public bool Draining { get; private set; } = hello.Draining;

    public Task Closed => _closed.Task;

    public Task FreshAsync(string directory) => AskAsync(id => new FreshDirectory { Id = id, Directory = directory }, null);

    /// <summary>Removes all directories but those named when the request is written.</summary>
    public Task SweepAsync(Func<IReadOnlyList<string>> keep) => AskAsync(id => new SweepDirectories { Id = id, Keep = keep() }, null);

    public async Task PutAsync(string directory, string path, Stream content)
    {
        var size = content.Length;
        await AskAsync(id => new PutFile { Id = id, Directory = directory, Path = path, Size = size }, null, content);
    }

    public Task ReadAsync(string directory, string path, long most, Stream target) =>
        AskAsync(id => new ReadFile { Id = id, Directory = directory, Path = path, MaxBytes = most }, target);

    /// <summary>A directory as one tar.</summary>
    public Task ReadTreeAsync(string directory, long most, Stream target) => AskAsync(id => new ReadTree { Id = id, Directory = directory, MaxBytes = most }, target);

    /// <summary>Makes a directory anew, from a tar that was put into another one, or empty.</summary>
    public Task UnpackTreeAsync(string directory, string? from = null, string path = "") => AskAsync(id => new UnpackTree { Id = id, Directory = directory, From = from, Path = path }, null);

    public Task SaveDoneAsync(string step, long request) => channel.SendAsync(RunnerWire.Control(new SaveDone { Step = step, Request = request }));

    public async Task StartAsync(StartStep order, IStepSink sink)
    {
        Listen(sink);
        await channel.SendAsync(RunnerWire.Control(order));
    }

    public async Task AttachAsync(AttachStep order, IStepSink sink)
    {
        Listen(sink);
        await channel.SendAsync(RunnerWire.Control(order));
    }

    public Task EndAsync(string step, int graceSeconds) => channel.SendAsync(RunnerWire.Control(new EndStep { Step = step, GraceSeconds = graceSeconds }));

    public Task LeaveAsync() => channel.SendAsync(RunnerWire.Control(new LeaveSlot()));

    public async Task ForgetAsync(string step)
    {
        lock (_gate)
        {
            if (_sink?.Step == step) _sink = null;
        }
        HeldStep = null;
        await channel.SendAsync(RunnerWire.Control(new ForgetStep { Step = step }));
    }

    /// <summary>Serves the connection until it is over.</summary>
    public async Task ServeAsync(Action drainingChanged)
    {
        try
        {
            while (await channel.ReceiveAsync() is { } frame) await HandleAsync(frame.Kind, frame.Payload, drainingChanged);
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException or JsonException or ObjectDisposedException)
        {
            AgentLog.Warn("connection with a runner ended", ("reason", e.Message));
        }
        finally
        {
            Close();
        }
    }

    public void Close()
    {
        IStepSink? sink;
        lock (_gate)
        {
            if (_over) return;
            _over = true;
            sink = _sink;
        }
        channel.Dispose();
        foreach (var request in _requests.Values) request.Answer.TrySetException(new RunnerLinkClosedException());
        _closed.TrySetResult();
        sink?.OnClosed();
    }

    private void Listen(IStepSink sink)
    {
        lock (_gate)
        {
            if (_over) throw new RunnerLinkClosedException();
            _sink = sink;
        }
    }

    private async Task AskAsync(Func<long, RunnerMessage> message, Stream? target, Stream? content = null)
    {
        var id = Interlocked.Increment(ref _nextId);
        var answer = new TaskCompletionSource<Done>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[id] = new Request(target, answer);
        try
        {
            lock (_gate)
            {
                if (_over) throw new RunnerLinkClosedException();
            }
            await channel.SendAsync(() => RunnerWire.Control(message(id)));
            if (content is not null) await SendFileAsync(id, content);
            var done = await answer.Task;
            if (done.Error is not null) throw new SlotFileException(done.Error, done.Missing);
        }
        finally
        {
            _requests.TryRemove(id, out _);
        }
    }

    private async Task SendFileAsync(long id, Stream content)
    {
        var buffer = new byte[RunnerWire.ChunkBytes];
        for (int count; (count = await content.ReadAsync(buffer)) > 0;) await channel.SendAsync(RunnerWire.File(id, buffer.AsSpan(0, count)));
    }

    private async Task HandleAsync(FrameKind kind, byte[] payload, Action drainingChanged)
    {
        switch (kind)
        {
            case FrameKind.Output: await TakeOutputAsync(payload); break;
            case FrameKind.File:
                if (_requests.TryGetValue(BinaryPrimitives.ReadInt64LittleEndian(payload), out var reading) && reading.Target is { } target) await target.WriteAsync(payload.AsMemory(RunnerWire.FileHeaderBytes));
                break;
            default:
                Take(RunnerWire.Read(payload), drainingChanged);
                break;
        }
    }

    private void Take(RunnerMessage message, Action drainingChanged)
    {
        IStepSink? sink;
        lock (_gate) sink = _sink;
        switch (message)
        {
            case Done m when _requests.TryGetValue(m.Id, out var request): request.Answer.TrySetResult(m); break;
            case StepStarted m when sink?.Step == m.Step && (sink.Token ?? m.Token) == m.Token: sink.OnStarted(m.At); break;
            case SaveWanted m when sink?.Step == m.Step: sink.OnSaveWanted(m.Request); break;
            case StepEnded m when sink?.Step == m.Step && (sink.Token ?? m.Token) == m.Token: sink.OnEnded(m); break;
            case RunnerDraining:
                Draining = true;
                drainingChanged();
                break;
        }
    }

    private async Task TakeOutputAsync(byte[] payload)
    {
        IStepSink? sink;
        lock (_gate) sink = _sink;
        if (sink is null) return;
        int stream = payload[0];
        var safe = sink.OnOutput(stream, BinaryPrimitives.ReadInt64LittleEndian(payload.AsSpan(1)), payload.AsSpan(RunnerWire.OutputHeaderBytes));
        await channel.SendAsync(RunnerWire.Control(new AckOutput { Step = sink.Step, Stream = stream, Offset = safe }));
    }
}
