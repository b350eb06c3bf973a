using System.Collections;
using System.Diagnostics;
using System.Globalization;
using Berth.Agent.Masking;
using Berth.Protocol.Runner;

namespace Berth.Agent.Runner;

/// <summary>Where a step runs and what it is told of.</summary>
internal sealed record StepPlaces(string Directory, string WorkDirectory, string? Checkpoint);

/// <summary>One step from its start until every process in the slot is dead and the agent has taken its end.</summary>
internal sealed class StepRun(StartStep order, StepPlaces places, Reaper reaper, SlotProcesses processes, Action<StepRun> flush, Action<StepRun, long> wantSave)
{
    private const int BufferBytes = 512 * 1024;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMilliseconds(200);

    private readonly OutputBuffer[] _outputs = [new(1, BufferBytes), new(2, BufferBytes)];
    private readonly object _gate = new();
    private long _startedTicks;
    private int _pid;
    private StepCause? _endCause;
    private TimeSpan _endGrace;

    public string Step => order.Step;

    public DateTimeOffset StartedAt { get; private set; }

    public StepEnded? Ended { get; private set; }

    public OutputBuffer Output(int stream) => _outputs[stream == 2 ? 1 : 0];

    /// <summary>Starts the process, or sets the end that says why not.</summary>
    public bool Start()
    {
        using var stdout = new OutputPipe();
        using var stderr = new OutputPipe();
        var env = Environment(order, places);
        var (pid, error) = reaper.Start(() => Spawner.Start(order.Argv, env, places.Directory, stdout.WriteEnd, stderr.WriteEnd));
        StartedAt = DateTimeOffset.UtcNow;
        _startedTicks = Stopwatch.GetTimestamp();
        if (error is not null)
        {
            Ended = new StepEnded { Step = order.Step, Token = order.Token, Cause = StepCause.NotStarted, Message = error, EndedAt = StartedAt };
            return false;
        }
        _pid = pid;
        var readers = new[] { Reader(stdout.TakeReadEnd(), _outputs[0], StandardStreams.Out), Reader(stderr.TakeReadEnd(), _outputs[1], StandardStreams.Error) };
        new Thread(() => Watch(readers)) { IsBackground = true, Name = "watch" }.Start();
        return true;
    }

    /// <summary>What the command asked for is safe; it sees so by its request being gone.</summary>
    public void SaveDone(long request)
    {
        if (places.Checkpoint is not { } checkpoint) return;
        try
        {
            if (RequestIn(checkpoint) == request) File.Delete(Path.Combine(checkpoint, CheckpointFiles.SaveRequest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RunnerLog.Info($"the request for a checkpoint cannot be removed: {e.Message}");
        }
    }

    /// <summary>TERM now, KILL after the grace; a second call may only shorten it.</summary>
    public void End(StepCause cause, TimeSpan grace)
    {
        lock (_gate)
        {
            var elapsed = Stopwatch.GetElapsedTime(_startedTicks);
            var until = elapsed + grace;
            if (_endCause is not null && until >= _endGrace) return;
            _endCause ??= cause;
            _endGrace = until;
        }
    }

    /// <summary>When the file was made that asks for a save; null if there is none.</summary>
    private static long? RequestIn(string checkpoint)
    {
        var file = new FileInfo(Path.Combine(checkpoint, CheckpointFiles.SaveRequest));
        return file.Exists ? file.LastWriteTimeUtc.Ticks : null;
    }

    private void Watch(PipeReader[] readers)
    {
        var had = new HashSet<int>();
        var limit = order.TimeoutSeconds > 0 ? TimeSpan.FromSeconds(order.TimeoutSeconds) : TimeSpan.MaxValue;
        var asked = TimeSpan.Zero;
        ProcessExit? exit;
        while (true)
        {
            exit = reaper.Wait(_pid, Tick);
            var elapsed = Stopwatch.GetElapsedTime(_startedTicks);
            if (places.Checkpoint is { } checkpoint && elapsed - asked > SaveEvery)
            {
                asked = elapsed;
                if (RequestIn(checkpoint) is { } request) wantSave(this, request);
            }
            if (exit is null && elapsed > limit) End(StepCause.TimedOut, TimeSpan.FromSeconds(order.GraceSeconds));
            TimeSpan? killAt;
            lock (_gate) killAt = _endCause is null ? null : _endGrace;
            if (killAt is null && exit is not null) break;
            if (killAt is null) continue;
            if (elapsed >= killAt || (exit is not null && processes.Empty())) break;
            processes.TermTop(had);
            if (exit is not null) Thread.Sleep(Tick); // what the main process left behind has the rest of the grace
        }
        Finish(exit, readers);
    }

    private void Finish(ProcessExit? exit, PipeReader[] readers)
    {
        if (!processes.KillAll(TimeSpan.FromSeconds(30))) RunnerLog.Fatal("processes of the slot survive KILL; leaving, so that the kernel ends them with the container");
        while (exit is null) exit = reaper.Wait(_pid, Tick);
        foreach (var reader in readers) reader.Finish(TimeSpan.FromSeconds(5));
        var (cpu, rss) = reaper.Usage(_pid);
        StepCause cause;
        lock (_gate) cause = _endCause ?? StepCause.Exited;
        Ended = new StepEnded
        {
            Step = order.Step,
            Token = order.Token,
            Cause = cause,
            ExitCode = exit.ExitCode,
            StartedAt = StartedAt,
            EndedAt = DateTimeOffset.UtcNow,
            CpuMilliseconds = cpu,
            MaxRssKiB = rss,
        };
        flush(this);
    }

    private PipeReader Reader(int fd, OutputBuffer buffer, Stream echo) =>
        new(fd, buffer, order.Echo ? new EchoStream(echo, SecretPatterns.Of(order.SecretEnv.Values, order.Mask)) : null, () => flush(this));

    private static Dictionary<string, string> Environment(StartStep order, StepPlaces places)
    {
        var env = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            var name = Convert.ToString(variable.Key, CultureInfo.InvariantCulture)!;
            // BERTH_ names in the container are the runner's; those of the attempt come with the order.
            if (!name.StartsWith("BERTH_", StringComparison.Ordinal)) env[name] = Convert.ToString(variable.Value, CultureInfo.InvariantCulture) ?? "";
        }
        env["PWD"] = places.Directory;
        foreach (var (name, value) in order.Env) env[name] = value;
        foreach (var (name, value) in order.SecretEnv) env[name] = value;
        env["BERTH_SLOT_WORK"] = places.WorkDirectory;
        if (places.Checkpoint is { } checkpoint) env["BERTH_CHECKPOINT_DIR"] = checkpoint;
        return env;
    }
}
