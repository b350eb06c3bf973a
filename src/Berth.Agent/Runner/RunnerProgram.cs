using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Berth.Protocol.Runner;

namespace Berth.Agent.Runner;

/// <summary>
/// First process of a slot's container: connects to the agent, does what it is told one thing at a time, and goes on by itself
/// while the agent is away. Plain threads and blocking calls; no cryptography, because the user's image need not have any.
/// </summary>
internal sealed class RunnerProgram
{
    private readonly RunnerOptions options;
    private readonly string _nonce = Nonce();
    private readonly SlotProcesses _processes = new();
    private readonly Reaper _reaper = new();
    private readonly WorkFiles _files;
    private readonly WorkTrees _trees;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly object _pump = new();
    private RunnerSocket? _socket;
    private RunnerSocket? _endSentOn;
    private StepRun? _step;
    private volatile bool _draining;
    private long _drainingSince;

    private RunnerProgram(RunnerOptions options)
    {
        this.options = options;
        _files = new WorkFiles(options.WorkDirectory);
        _trees = new WorkTrees(_files);
    }

    /// <summary>Entry of the runner mode; returns only for bad options.</summary>
    public static int Run()
    {
        var problems = new List<string>();
        var options = RunnerOptions.FromEnvironment(Environment.GetEnvironmentVariable, problems);
        foreach (var problem in problems) RunnerLog.Info(problem);
        if (problems.Count > 0) return 64;
        _ = Native.Prctl(Native.SetDumpable, 0); // commands of the same user must not read our memory
        _ = Native.Umask(Convert.ToInt32("022", 8));
        var program = new RunnerProgram(options);
        using var term = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, program.OnTerm);
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, program.OnTerm);
        program.Serve();
        return 0;
    }

    private void Serve()
    {
        if (!_processes.OwnsNamespace) Leftovers.End(options.WorkDirectory);
        Directory.CreateDirectory(options.WorkDirectory);
        var wait = 20;
        var complained = false;
        while (true)
        {
            try
            {
                using var socket = new RunnerSocket(options.SocketPath);
                complained = false;
                if (Talk(socket)) wait = 20;
            }
            catch (Exception e) when (e is SocketException or IOException or InvalidDataException or JsonException)
            {
                if (!complained) RunnerLog.Info($"no agent at {options.SocketPath}: {e.Message}; trying again");
                complained = true;
            }
            Thread.Sleep(wait); // between two dials; there is nothing to wait on while nobody listens
            wait = Math.Min(wait * 2, 500);
        }
    }

    /// <summary>One connection; true when the agent took this runner.</summary>
    private bool Talk(RunnerSocket socket)
    {
        StepState? held;
        lock (_pump) held = _step is { } step ? new StepState { Step = step.Step, StartedAt = step.StartedAt } : null;
        socket.Send(RunnerWire.Control(new RunnerHello { Slot = options.Slot, Nonce = _nonce, Step = held, Draining = _draining }));
        if (socket.Receive() is not { Kind: FrameKind.Control } first || RunnerWire.Read(first.Payload) is not RunnerWelcome welcome) return false;
        if (welcome.Refused is { } reason)
        {
            RunnerLog.Info($"the agent refuses this runner: {reason}");
            return false;
        }
        lock (_pump) _socket = socket;
        if (_draining) socket.Send(RunnerWire.Control(new RunnerDraining()));
        try
        {
            while (socket.Receive() is { } frame) Handle(socket, frame.Kind, frame.Payload);
        }
        finally
        {
            lock (_pump) _socket = null;
        }
        return true;
    }

    private void Handle(RunnerSocket socket, FrameKind kind, byte[] payload)
    {
        if (kind == FrameKind.File)
        {
            var id = System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(payload);
            if (_files.Put(id, payload.AsSpan(RunnerWire.FileHeaderBytes))) socket.Send(RunnerWire.Control(_files.EndPut()));
            return;
        }
        if (kind != FrameKind.Control) throw new InvalidDataException("the agent sends no output");
        switch (RunnerWire.Read(payload))
        {
            case FreshDirectory m: Answer(socket, m.Id, () => _files.Fresh(m.Directory)); break;
            case SweepDirectories m: Answer(socket, m.Id, () => _files.Sweep(m.Keep)); break;
            case PutFile m when _files.BeginPut(m): socket.Send(RunnerWire.Control(_files.EndPut())); break;
            case ReadFile m: socket.Send(RunnerWire.Control(_files.Read(m, socket.Send))); break;
            case ReadTree m: _trees.Read(m, socket.Send); break;
            case UnpackTree m: socket.Send(RunnerWire.Control(_trees.Unpack(m))); break;
            case SaveDone m when _step is { } s && s.Step == m.Step: s.SaveDone(m.Request); break;
            case StartStep m: Start(socket, m); break;
            case AttachStep m: Attach(socket, m); break;
            case AckOutput m when _step is { } s && s.Step == m.Step: s.Output(m.Stream).Acknowledge(m.Offset); break;
            case EndStep m when _step is { } s && s.Step == m.Step: s.End(StepCause.Ended, TimeSpan.FromSeconds(m.GraceSeconds)); break;
            case ForgetStep m: Forget(m.Step); break;
            case LeaveSlot when _draining: Leave(); break;
        }
    }

    private void Start(RunnerSocket socket, StartStep order)
    {
        if (_step is not null || !_seen.Add(order.Step))
        {
            var why = _step is not null ? $"step {_step.Step} is not over" : "this step was started before";
            socket.Send(RunnerWire.Control(new StepEnded { Step = order.Step, Token = order.Token, Cause = StepCause.NotStarted, Message = why, EndedAt = DateTimeOffset.UtcNow }));
            return;
        }
        var places = new StepPlaces(_files.PathOf(order.Directory), options.WorkDirectory, order.Checkpoint is { } name ? _files.PathOf(name) : null);
        var step = new StepRun(order, places, _reaper, _processes, Flush, WantSave);
        lock (_pump)
        {
            socket.Live = true;
            _step = step;
            if (step.Start()) socket.Send(RunnerWire.Control(new StepStarted { Step = order.Step, Token = order.Token, At = step.StartedAt }));
        }
        Flush(step);
    }

    private void Attach(RunnerSocket socket, AttachStep order)
    {
        StepRun? step;
        lock (_pump)
        {
            step = _step;
            if (step is null || step.Step != order.Step) return;
            step.Output(1).Rewind(order.Stdout);
            step.Output(2).Rewind(order.Stderr);
            socket.Live = true;
        }
        Flush(step);
    }

    /// <summary>Sends what was not sent, and the end after the last byte. Called from every thread that has news.</summary>
    private void Flush(StepRun step)
    {
        lock (_pump)
        {
            if (_socket is not { Live: true } socket || step != _step) return;
            var ended = step.Ended; // read first: what comes before the end is in the buffers by then
            for (var stream = 1; stream <= 2; stream++)
            {
                while (socket.Live && step.Output(stream).TakeUnsent() is { } frame) socket.Send(frame);
            }
            if (ended is null || _endSentOn == socket) return;
            _endSentOn = socket;
            socket.Send(RunnerWire.Control(ended));
        }
    }

    /// <summary>Said again until the agent has taken the save: a lost message costs nothing.</summary>
    private void WantSave(StepRun step, long request)
    {
        lock (_pump)
        {
            if (_socket is { Live: true } socket && step == _step) socket.Send(RunnerWire.Control(new SaveWanted { Step = step.Step, Request = request }));
        }
    }

    private void Forget(string id)
    {
        lock (_pump)
        {
            if (_step?.Step != id || _step.Ended is null) return;
            _step = null;
            _endSentOn = null;
        }
    }

    private static void Answer(RunnerSocket socket, long id, Action work)
    {
        string? error = null;
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            error = e.Message;
        }
        socket.Send(RunnerWire.Control(new Done { Id = id, Error = error }));
    }

    private void OnTerm(System.Runtime.InteropServices.PosixSignalContext context)
    {
        context.Cancel = true;
        if (_draining) return;
        Interlocked.Exchange(ref _drainingSince, Stopwatch.GetTimestamp());
        _draining = true;
        new Thread(Drain) { IsBackground = true, Name = "drain" }.Start();
    }

    /// <summary>What runs may go on; near the end of the grace it gets TERM, so that it can still write its state down.</summary>
    private void Drain()
    {
        RunnerSocket? socket;
        StepRun? step;
        lock (_pump) (socket, step) = (_socket, _step);
        if (socket is null && step is null) Leave();
        RunnerLog.Info($"asked to end; {(step is null ? "idle" : $"{step.Step} may run on")}, at most {options.Grace.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s");
        socket?.Send(RunnerWire.Control(new RunnerDraining()));
        var last = TimeSpan.FromSeconds(Math.Min(30, options.Grace.TotalSeconds / 2));
        WaitUntil(options.Grace - last);
        lock (_pump) step = _step;
        step?.End(StepCause.Shutdown, last - TimeSpan.FromSeconds(Math.Min(2, last.TotalSeconds / 2)));
        WaitUntil(options.Grace - TimeSpan.FromSeconds(Math.Min(1, last.TotalSeconds / 4)));
        Leave();
    }

    private void WaitUntil(TimeSpan sinceTerm)
    {
        var left = sinceTerm - Stopwatch.GetElapsedTime(Interlocked.Read(ref _drainingSince));
        if (left > TimeSpan.Zero) Thread.Sleep(left);
    }

    private void Leave()
    {
        _processes.KillAll(TimeSpan.FromSeconds(1));
        Environment.Exit(0);
    }

    private static string Nonce()
    {
        var bytes = new byte[24];
        using var random = new FileStream("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        random.ReadExactly(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
