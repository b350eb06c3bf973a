using System.Collections.Concurrent;
using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Operator.Telemetry;

/// <summary>
/// Finds tasks that only the sweep has moved. Every wait has an event or a timer that ends it; where neither came, the task went on late,
/// and that is a bug to be heard of.
/// </summary>
internal sealed class WakeupWatch(OperatorMetrics metrics, TimeProvider time, ILogger<WakeupWatch> log)
{
    private static readonly TimeSpan TimerGrace = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<ObjectKey, bool> _queued = new();
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset?> _due = new();

    /// <summary>An event woke the task.</summary>
    public void Woken(ObjectKey task) => _queued[task] = true;

    /// <summary>The sweep woke the task, unless an event had done so already.</summary>
    public void Swept(ObjectKey task) => _queued.TryAdd(task, false);

    /// <summary>A pass over the task begins. True if the sweep alone brought it about; a pass after a failed one never counts.</summary>
    public bool Begin(ObjectKey task)
    {
        var sweptOnly = _queued.TryRemove(task, out var byEvent) && !byEvent;
        var decidedBefore = _due.TryRemove(task, out var due);
        return sweptOnly && decidedBefore && (due is not { } at || at > time.GetUtcNow() + TimerGrace);
    }

    /// <summary>The pass has decided, and what it decided is written.</summary>
    public void Decided(ObjectKey task, TaskDecision decision, bool sweptOnly)
    {
        _due[task] = decision.WakeAt;
        if (!sweptOnly || decision.Transitions.Count == 0) return;
        metrics.MissedWakeup();
        log.LogWarning("Task {Namespace}/{Task} was moved by the sweep alone ({Signal}): an event or a timer is missing; please report this", task.Namespace, task.Name, decision.Transitions[0].Row.Signal);
    }

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(ObjectKey task)
    {
        _queued.TryRemove(task, out _);
        _due.TryRemove(task, out _);
    }

    /// <summary>Forgets everything, at the beginning of a term.</summary>
    public void Reset()
    {
        _queued.Clear();
        _due.Clear();
    }
}
