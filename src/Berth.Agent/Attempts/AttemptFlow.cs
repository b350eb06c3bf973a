using Berth.Agent.Journal;
using Berth.Agent.Masking;
using Berth.Agent.Slots;
using Berth.Agent.Spool;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Attempts;

/// <summary>
/// One attempt from its acceptance to its result. May be begun anew by an agent that was restarted: what the journal says is over is
/// not done again, what the runner still holds is taken up, and a step is started only if the runner never was told to.
/// </summary>
internal sealed partial class AttemptFlow(AgentHost host, Slot slot, Assign order, AttemptRecord record, AttemptSpool spool) : IDisposable
{
    internal const string PrepareStep = "prepare";
    internal const string CommandStep = "command";
    private const int PrepareNumber = 1;
    private const int CommandNumber = 2;
    private const int DescribeNumber = 3;

    private readonly SecretPatterns _secrets = SecretPatterns.Of(order);
    private readonly CancellationTokenSource _cancelled = new();
    private readonly List<StageReport> _stages = [];
    private string? _running;
    private long _cpu;
    private long _rss;

    public string Attempt => order.Attempt;

    public AttemptSpool Spool => spool;

    public string WorkDirectory => order.Kind is AttemptKind.Restore or AttemptKind.Apply ? order.Directory! : order.Attempt;

    /// <summary>Runs to the result; null when the agent itself is ending.</summary>
    public async Task<AttemptResult?> RunAsync(CancellationToken stop)
    {
        (_cpu, _rss) = (0, 0);
        _stages.Clear();
        // Here, because the last stage is over only when its result is made.
        return await EndedAsync(stop) is { } result ? result with { Stages = [.. _stages] } : null;
    }

    private async Task<AttemptResult?> EndedAsync(CancellationToken stop)
    {
        if (record.CancelGrace is not null) await _cancelled.CancelAsync();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _cancelled.Token);
        try
        {
            return await ExecuteAsync(stop, either.Token);
        }
        catch (RunnerReplacedException e)
        {
            return Result(AttemptOutcome.RunnerLost, $"{e.Message} while the attempt ran; its processes are dead, how far it came is not known");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            return Result(AttemptOutcome.Stopped, "stopped on request");
        }
    }

    /// <summary>TERM, grace, KILL; the result follows.</summary>
    public void Cancel()
    {
        try
        {
            _cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // over already
        }
        if (slot.Link is { } link && _running is { } step) _ = EndAsync(link, step);
    }

    public void Dispose() => _cancelled.Dispose();

    private async Task EndAsync(RunnerLink link, string step)
    {
        try
        {
            await link.EndAsync(step, record.CancelGrace ?? order.GraceSeconds);
        }
        catch (RunnerLinkClosedException)
        {
            // The step loop asks again as soon as the runner is back.
        }
    }

    private async Task<AttemptResult> ExecuteAsync(CancellationToken stop, CancellationToken either)
    {
        if (order.Kind != AttemptKind.Apply)
        {
            if (record.Steps.Count == 0 && await InStageAsync(AttemptStages.SetUp, () => SetUpAsync(either)) is { } problem) return Result(AttemptOutcome.CannotStart, problem);
            if (order.Prepare is { } prepare)
            {
                var end = await InStageAsync(AttemptStages.Prepare, () => RunStepAsync(PrepareStep, PrepareNumber, prepare, null, stop));
                if (Judge(end, [0], PrepareStep) is { } failed) return Result(failed.Outcome is AttemptOutcome.Failed or AttemptOutcome.CannotStart ? AttemptOutcome.PrepareFailed : failed.Outcome, failed.Message, end);
            }
        }
        either.ThrowIfCancellationRequested();
        if (order.Kind == AttemptKind.Restore) return await InStageAsync(AttemptStages.Restore, () => RestoreAsync(either));
        var over = await InStageAsync(AttemptStages.Command, () => RunCommandAsync(stop));
        IReadOnlyList<int> good = order.SuccessExitCodes is { Count: > 0 } codes ? codes : [0];
        if (Judge(over, good, "command") is { } bad)
        {
            await SaveAtEndAsync(stop);
            return Result(bad.Outcome, bad.Message, over);
        }
        return order.Kind == AttemptKind.Plan ? await InStageAsync(AttemptStages.Describe, () => DescribeAsync(over, stop, either)) : Result(AttemptOutcome.Succeeded, null, over);
    }

    private async Task<T> InStageAsync<T>(string name, Func<Task<T>> work)
    {
        var since = DateTimeOffset.UtcNow;
        try
        {
            return await work();
        }
        finally
        {
            _stages.Add(new StageReport { Name = name, Since = since, Until = DateTimeOffset.UtcNow });
        }
    }

    /// <summary>A fresh directory with its files; the answer is what went wrong.</summary>
    private async Task<string?> SetUpAsync(CancellationToken cancel)
    {
        return await OnRunnerAsync(async link =>
        {
            await Slot.DiscardHeldAsync(link);
            await link.FreshAsync(WorkDirectory);
            foreach (var (path, content) in order.Files ?? new Dictionary<string, byte[]>()) await link.PutAsync(WorkDirectory, path, new MemoryStream(content));
        }, cancel) ?? (order.Checkpoint is null ? null : await RestoreCheckpointAsync(cancel));
    }

    /// <summary>Does something in the slot's directory, again if the connection breaks; the answer is what went wrong.</summary>
    private async Task<string?> OnRunnerAsync(Func<RunnerLink, Task> work, CancellationToken cancel)
    {
        while (true)
        {
            var link = await slot.LinkAsync(record.Boot, cancel);
            try
            {
                await work(link);
                return null;
            }
            catch (RunnerLinkClosedException)
            {
                await Task.WhenAny(slot.ChangedAsync(), Task.Delay(100, cancel));
            }
            catch (SlotFileException e)
            {
                return e.Message;
            }
        }
    }

    private async Task<StepEnded> RunStepAsync(string name, int number, CommandOrder command, Capture? capture, CancellationToken stop)
    {
        if (record.Steps.TryGetValue(name, out var over) && over is not null) return Count(over);
        var id = $"{order.Attempt}/{name}";
        var sink = new OutputSink(id, record.Token, number, spool.Output, _secrets, capture, OnStarted, host.OutputArrived, name == CommandStep && _saver is { } saver ? saver.AskFromCommand : null);
        while (true)
        {
            var link = await slot.LinkAsync(record.Boot, stop);
            try
            {
                if (await AttemptStepAsync(link, sink, name, command, capture is null) is not { } end) continue;
                if (capture is null) host.Record(new StepOver(order.Attempt, name, end));
                await link.ForgetAsync(id);
                return Count(end);
            }
            catch (RunnerLinkClosedException)
            {
                await Task.WhenAny(link.Closed, Task.Delay(1000, stop));
            }
            finally
            {
                _running = null;
            }
        }
    }

    /// <summary>Takes the step up or starts it; null when the connection broke before its end was known.</summary>
    private async Task<StepEnded?> AttemptStepAsync(RunnerLink link, OutputSink sink, string name, CommandOrder command, bool journalled)
    {
        var from = sink.Rewind();
        if (link.HeldStep?.Step == sink.Step)
        {
            if (record.StartedAt is null) OnStarted(link.HeldStep.StartedAt);
            await link.AttachAsync(from, sink);
        }
        else
        {
            await Slot.DiscardHeldAsync(link);
            // Rule 2: from here on it may have started. The runner starts an id once, whatever is sent again.
            if (journalled && !record.Steps.ContainsKey(name) && !host.TryRecord(new StepIntended(order.Attempt, name)))
            {
                return NotStarted(sink, $"the agent's journal cannot be written: {host.JournalProblem}");
            }
            if (_cancelled.IsCancellationRequested) return NotStarted(sink, "stopped before it started", StepCause.Ended);
            await link.StartAsync(StartOrder(sink.Step, command, journalled), sink);
        }
        _running = sink.Step;
        if (_cancelled.IsCancellationRequested) await EndAsync(link, sink.Step);
        return await sink.Ended;
    }

    private static StepEnded NotStarted(OutputSink sink, string message, StepCause cause = StepCause.NotStarted) =>
        new() { Step = sink.Step, Cause = cause, Message = message, EndedAt = DateTimeOffset.UtcNow };

    private StartStep StartOrder(string step, CommandOrder command, bool echo) => new()
    {
        Step = step,
        Token = record.Token,
        Directory = WorkDirectory,
        Argv = command.Argv,
        Env = AttemptEnvironment.Of(order, spool.Checkpoints.Began?.Checkpoint),
        SecretEnv = order.SecretEnv ?? new Dictionary<string, string>(),
        Mask = order.Mask ?? [],
        Checkpoint = order.Checkpoint is null ? null : CheckpointDirectory,
        TimeoutSeconds = command.TimeoutSeconds,
        GraceSeconds = order.GraceSeconds,
        Echo = echo,
    };

    private void OnStarted(DateTimeOffset at)
    {
        if (record.StartedAt is not null) return;
        host.Record(new AttemptStarted(order.Attempt, at));
        host.Tell(new Started { Attempt = order.Attempt, At = at });
    }

    private StepEnded Count(StepEnded end)
    {
        _cpu += end.CpuMilliseconds;
        _rss = Math.Max(_rss, end.MaxRssKiB);
        return end;
    }

    private (AttemptOutcome Outcome, string Message)? Judge(StepEnded end, IReadOnlyList<int> good, string what) => end.Cause switch
    {
        StepCause.NotStarted => (AttemptOutcome.CannotStart, end.Message ?? $"{what} could not be started"),
        StepCause.TimedOut => (AttemptOutcome.TimedOut, $"{what} ran past its limit and was ended{LastLine()}"),
        StepCause.Ended => (AttemptOutcome.Stopped, $"{what} was stopped on request{LastLine()}"),
        StepCause.Shutdown => (AttemptOutcome.RunnerLost, $"the pod's grace ended while {what} ran; it was ended{LastLine()}"),
        _ when end.ExitCode is { } code && good.Contains(code) => null,
        _ => (AttemptOutcome.Failed, $"{what} ended with {Exit(end.ExitCode)}{LastLine()}"),
    };

    private static string Exit(int? code) => code switch
    {
        137 => "signal 9 (KILL): out of memory, if nobody killed it",
        > 128 and < 193 => $"signal {code - 128}",
        _ => $"exit code {code}",
    };

    private string LastLine() => spool.Output.LastLine() is { } line ? $"; last output: {line}" : "";

    private AttemptResult Result(AttemptOutcome outcome, string? message, StepEnded? end = null, PlanReport? plan = null) => new()
    {
        Attempt = order.Attempt,
        Outcome = outcome,
        ExitCode = end?.ExitCode,
        Message = message is { Length: > 1000 } ? message[..1000] : message,
        StartedAt = record.StartedAt,
        EndedAt = end?.EndedAt ?? DateTimeOffset.UtcNow,
        OutputBytes = spool.Output.Length,
        CpuMilliseconds = _cpu,
        MaxRssKiB = _rss,
        Plan = plan,
    };
}
