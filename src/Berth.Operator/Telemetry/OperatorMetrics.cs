using System.Diagnostics.Metrics;
using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Operator.Telemetry;

/// <summary>Every instrument of the operator, with units; no label has an unbounded set of values.</summary>
internal sealed class OperatorMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Berth.Operator";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _transitions;
    private readonly Counter<long> _verdicts;
    private readonly Counter<long> _historyWritten;
    private readonly Counter<long> _historyFailures;
    private readonly Counter<long> _loopFaults;
    private readonly Counter<long> _missedWakeups;
    private readonly Histogram<double> _phaseSeconds;

    public OperatorMetrics()
    {
        _transitions = _meter.CreateCounter<long>("berth_task_transitions", "{transition}", "Moves of tasks, by phases and reason.");
        _verdicts = _meter.CreateCounter<long>("berth_approval_verdicts", "{verdict}", "Verdicts on Approvals, by reason.");
        _historyWritten = _meter.CreateCounter<long>("berth_history_transitions_written", "{transition}", "Transitions written to the database.");
        _historyFailures = _meter.CreateCounter<long>("berth_history_write_failures", "{failure}", "Failed writes to the database, by cause.");
        _loopFaults = _meter.CreateCounter<long>("berth_loop_faults", "{fault}", "Background loops that threw and were started again.");
        _missedWakeups = _meter.CreateCounter<long>("berth_missed_wakeups", "{wakeup}", "Tasks that a sweep had to wake because no event did: a bug.");
        _phaseSeconds = _meter.CreateHistogram<double>("berth_task_phase_duration", "s", "Time that tasks spent in a phase before they left it.");
    }

    /// <summary>A task moved.</summary>
    public void TaskMoved(AppliedTransition transition, TimeSpan spent)
    {
        _transitions.Add(1, new("from", transition.Row.From.ToString()), new("to", transition.Row.To.ToString()), new("reason", transition.Reason));
        if (transition.Row.From != transition.Row.To) _phaseSeconds.Record(Math.Max(0, spent.TotalSeconds), new KeyValuePair<string, object?>("phase", transition.Row.From.ToString()));
    }

    /// <summary>An Approval got its verdict.</summary>
    public void Verdict(string reason) => _verdicts.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Transitions are in the database.</summary>
    public void HistoryWritten(int count) => _historyWritten.Add(count);

    /// <summary>A write to the database failed.</summary>
    public void HistoryFailed(string cause) => _historyFailures.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A loop threw.</summary>
    public void LoopFault(string loop) => _loopFaults.Add(1, new KeyValuePair<string, object?>("loop", loop));

    /// <summary>A sweep found a task that no event woke.</summary>
    public void MissedWakeup() => _missedWakeups.Add(1);

    /// <summary>Registers a gauge that is read when somebody looks.</summary>
    public void Gauge(string name, string unit, string description, Func<double> read) => _meter.CreateObservableGauge(name, read, unit, description);

    /// <summary>Registers a gauge with one label.</summary>
    public void Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> read) => _meter.CreateObservableGauge(name, read, unit, description);

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();
}
