using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Telemetry.Exposition;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Berth.Operator.Telemetry;

/// <summary>Every instrument of the operator, with units; no label has an unbounded set of values, and none names a task.</summary>
internal sealed class OperatorMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Berth.Operator";

    /// <summary>Buckets for what should take milliseconds.</summary>
    public static readonly double[] ShortSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Version of this build.</summary>
    public static readonly string Version = typeof(OperatorMetrics).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    private readonly Meter _meter = new(MeterName, Version);
    private readonly Dictionary<string, Counter<long>> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Histogram<double>> _histograms = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _loops = new(StringComparer.Ordinal);

    public OperatorMetrics()
    {
        foreach (var metric in MetricCatalog.All)
        {
            if (metric.Kind == MetricKind.Counter) _counters[metric.Name] = _meter.CreateCounter<long>(metric.Name, metric.Unit, metric.Help);
            if (metric.Kind == MetricKind.Histogram) _histograms[metric.Name] = _meter.CreateHistogram(metric.Name, metric.Unit, metric.Help, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = metric.Bounds });
        }
        Gauge(MetricCatalog.Build, () => [new(1, new Tag("version", Version))]);
    }

    /// <summary>Histograms with the series they show before their first value.</summary>
    public IReadOnlyList<EmptyHistogram> EmptyHistograms { get; } =
    [
        Empty(MetricCatalog.Phase, Enum.GetValues<TaskPhase>().Where(p => !p.IsTerminal()).Select(p => new Tag[] { new("phase", p.ToString()) })),
        Empty(MetricCatalog.Wait, ClosedSets.Waits.Select(w => new Tag[] { new("stage", w.Stage.ToString()), new("reason", w.Reason) })),
        Empty(MetricCatalog.AttemptTime, Enum.GetNames<AttemptKind>().Select(k => new Tag[] { new("kind", k) })),
        Empty(MetricCatalog.RestoreTime, [[]]),
        Empty(MetricCatalog.HistoryWriteTime, [[]]),
    ];

    /// <summary>Makes the series of all closed sets, with zero. To be called once somebody listens: what was added before is not seen.</summary>
    public void Begin()
    {
        foreach (var row in TaskTransitions.Rows) Add(MetricCatalog.Transitions, 0, new("from", row.From.ToString()), new("to", row.To.ToString()), new("signal", row.Signal.ToString()));
        foreach (var kind in Enum.GetNames<AttemptKind>())
            foreach (var outcome in ClosedSets.Outcomes) Add(MetricCatalog.Attempts, 0, new("kind", kind), new("outcome", outcome));
        foreach (var cause in ClosedSets.Resets) Add(MetricCatalog.Resets, 0, new Tag("cause", cause.ToString()));
        foreach (var recovery in ClosedSets.Recoveries) Add(MetricCatalog.ReservationsLost, 0, new Tag("recovery", recovery));
        foreach (var cause in ClosedSets.GivingUp) Add(MetricCatalog.DeadLetters, 0, new Tag("cause", cause.ToString()));
        foreach (var outcome in ClosedSets.Deliveries) Add(MetricCatalog.Notifications, 0, new Tag("outcome", outcome));
        foreach (var reason in ClosedSets.Verdicts) Add(MetricCatalog.Verdicts, 0, new Tag("reason", reason));
        foreach (var cause in ClosedSets.HistoryCauses) Add(MetricCatalog.HistoryFailures, 0, new Tag("cause", cause));
        foreach (var loop in ClosedSets.Loops.Concat(_loops.Keys)) Add(MetricCatalog.LoopFaults, 0, new Tag("loop", loop));
        foreach (var metric in MetricCatalog.All.Where(m => m is { Kind: MetricKind.Counter, Labels.Length: 0 })) Add(metric, 0);
    }

    /// <summary>A task moved.</summary>
    public void TaskMoved(AppliedTransition transition, TimeSpan spent)
    {
        var (from, signal, to) = (transition.Row.From, transition.Row.Signal, transition.Row.To);
        Add(MetricCatalog.Transitions, 1, new("from", from.ToString()), new("to", to.ToString()), new("signal", signal.ToString()));
        if (from != to && !from.IsTerminal()) Record(MetricCatalog.Phase, spent, new Tag("phase", from.ToString()));
        if (ClosedSets.Resets.Contains(signal) && to == TaskPhase.Pending) Add(MetricCatalog.Resets, 1, new Tag("cause", signal.ToString()));
        if (to == TaskPhase.DeadLettered) Add(MetricCatalog.DeadLetters, 1, new Tag("cause", signal.ToString()));
        var recovery = (from, signal) switch
        {
            (_, TaskSignal.ReservationLost) => "re-reserve",
            (_, TaskSignal.ReservationReset) => "reset",
            (TaskPhase.ApplyPending, TaskSignal.ResetsExhausted) => "dead-letter",
            _ => null,
        };
        if (recovery is not null) Add(MetricCatalog.ReservationsLost, 1, new Tag("recovery", recovery));
        if (signal == TaskSignal.PlanRestored) Add(MetricCatalog.ReservationsRestored, 1);
    }

    /// <summary>A task stopped waiting for one thing.</summary>
    public void Waited(TaskPhase stage, string reason, TimeSpan time) => Record(MetricCatalog.Wait, time, new("stage", stage.ToString()), new("reason", ClosedSets.WaitReason(stage, reason)));

    /// <summary>An attempt ended.</summary>
    public void AttemptEnded(AttemptStatus attempt)
    {
        var took = (attempt.EndedAt ?? attempt.OrderedAt) - attempt.OrderedAt;
        Add(MetricCatalog.Attempts, 1, new("kind", attempt.Kind.ToString()), new("outcome", ClosedSets.In(ClosedSets.Outcomes, attempt.Outcome ?? "")));
        Record(MetricCatalog.AttemptTime, took, new Tag("kind", attempt.Kind.ToString()));
        if (attempt is { Kind: AttemptKind.Restore, Outcome: "Succeeded" }) Record(MetricCatalog.RestoreTime, took);
    }

    /// <summary>An Approval got its verdict.</summary>
    public void Verdict(string reason) => Add(MetricCatalog.Verdicts, 1, new Tag("reason", ClosedSets.In(ClosedSets.Verdicts, reason)));

    /// <summary>Transitions are in the database.</summary>
    public void HistoryWritten(int count, TimeSpan took)
    {
        Add(MetricCatalog.HistoryWrites, 1);
        Add(MetricCatalog.HistoryWritten, count);
        Record(MetricCatalog.HistoryWriteTime, took);
    }

    /// <summary>A write to the database failed.</summary>
    public void HistoryFailed(string cause)
    {
        Add(MetricCatalog.HistoryWrites, 1);
        Add(MetricCatalog.HistoryFailures, 1, new Tag("cause", cause));
    }

    /// <summary>A loop began; its faults are shown from now on.</summary>
    public void LoopBegan(string loop)
    {
        if (_loops.TryAdd(loop, 0)) Add(MetricCatalog.LoopFaults, 0, new Tag("loop", loop));
    }

    /// <summary>A loop threw.</summary>
    public void LoopFault(string loop) => Add(MetricCatalog.LoopFaults, 1, new Tag("loop", loop));

    /// <summary>A notification was acknowledged, failed for good, or was dropped.</summary>
    public void Notified(string outcome) => Add(MetricCatalog.Notifications, 1, new Tag("outcome", outcome));

    /// <summary>A sweep found a task that no event woke.</summary>
    public void MissedWakeup() => Add(MetricCatalog.MissedWakeups, 1);

    /// <summary>An agent opened a connection.</summary>
    public void AgentConnected() => Add(MetricCatalog.AgentConnections, 1);

    /// <summary>An agent's connection ended.</summary>
    public void AgentLost() => Add(MetricCatalog.AgentLosses, 1);

    /// <summary>Registers a gauge that is read when somebody looks.</summary>
    public void Gauge(MetricDefinition metric, Func<double> read) => _meter.CreateObservableGauge(metric.Name, read, metric.Unit, metric.Help);

    /// <summary>Registers a gauge with labels.</summary>
    public void Gauge(MetricDefinition metric, Func<IEnumerable<Measurement<double>>> read) => _meter.CreateObservableGauge(metric.Name, read, metric.Unit, metric.Help);

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    private void Add(MetricDefinition metric, long value, params ReadOnlySpan<Tag> tags) => _counters[metric.Name].Add(value, tags);

    private void Record(MetricDefinition metric, TimeSpan time, params ReadOnlySpan<Tag> tags) => _histograms[metric.Name].Record(Math.Max(0, time.TotalSeconds), tags);

    private static EmptyHistogram Empty(MetricDefinition metric, IEnumerable<Tag[]> series) => new(metric.Name, metric.Unit, metric.Help, metric.Bounds, [.. series]);
}
