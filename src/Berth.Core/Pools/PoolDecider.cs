using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>Keeps the pods of a pool. Never ends one that is running, reserved, promised, or still holds what is not written.</summary>
public static class PoolDecider
{
    private static readonly TimeSpan StatusEvery = TimeSpan.FromSeconds(10);

    /// <summary>The decision for what was seen.</summary>
    public static PoolDecision Decide(PoolObserved seen)
    {
        var deleting = seen.Pool.Metadata.DeletionTimestamp is not null;
        var scaling = deleting || seen.Pool.Spec.Autoscaling is null ? null : Autoscaler.Decide(seen);
        var desired = deleting ? 0 : scaling?.Desired ?? seen.Pool.Spec.Replicas ?? 1;
        var roll = PodRoll.Plan(seen, desired);
        // Whether one more pod would be let in concerns nobody while none is missing.
        var fault = seen.Stamp.Fault ?? (roll.Missing == 0 && seen.Refused is { Retry: true, Reason: not Reasons.PodsFailing } ? null : seen.Refused);
        var rebalance = deleting ? default : Rebalancer.Decide(seen, desired);
        var report = PoolReport.Of(seen, desired, scaling, roll, fault, rebalance.Done);
        var delete = Ended(seen).Concat(deleting ? seen.Pods.Where(p => p.Live && p.Free) : roll.Delete).ToList();
        var create = deleting || seen.Stamp.Fault is not null ? 0 : CreationBackoff.Allow(seen, roll.Serving, roll.Missing);
        var wake = new Wakeups(seen.Now);
        wake.At(scaling?.WakeAt);
        foreach (var pod in seen.Pods) wake.At(pod.HeardBy);
        if (roll.Missing > create) wake.At(seen.CreateNotBefore);
        return new PoolDecision
        {
            Create = create,
            Delete = delete,
            Unfence = seen.Pods.Where(p => p.HasFence && !p.Unfenced && (p.Terminal || p.Deleting) && NothingLeft(p)).ToList(),
            Drain = rebalance.Next is { } next ? (next, Rebalancer.Mark(Rebalancer.Wanted(seen)!)) : null,
            Retiring = roll.Retiring,
            Replicas = deleting || seen.Pool.Spec.Replicas == desired ? null : desired,
            UndoneReplicas = scaling is not null && seen.Pool.Status.Scaling?.DesiredReplicas is { } last && seen.Pool.Spec.Replicas is { } written && written != last ? written : null,
            Status = Due(seen, report.Status, wake),
            Finalizer = Finalizer(seen, deleting),
            Fault = report.Blocking,
            Outlook = report.Outlook,
            WakeAt = wake.Next,
        };
    }

    private static IEnumerable<PoolPod> Ended(PoolObserved seen) => seen.Pods.Where(p => p.Terminal && !p.Deleting);

    /// <summary>With nothing unfenced and nothing left to say, an ending pod may go.</summary>
    private static bool NothingLeft(PoolPod pod) => pod.Terminal || pod is { Running: 0, Unacknowledged: false };

    /// <summary>Counts are written at most once in ten seconds; conditions at once.</summary>
    private static AgentPoolStatus? Due(PoolObserved seen, AgentPoolStatus status, Wakeups wake)
    {
        if (PoolStatusComparer.Same(seen.Pool.Status, status)) return null;
        var at = seen.StatusWrittenAt is { } written ? written + StatusEvery : seen.Now;
        if (at <= seen.Now || PoolStatusComparer.ConditionsDiffer(seen.Pool.Status, status)) return status;
        wake.At(at);
        return null;
    }

    private static bool? Finalizer(PoolObserved seen, bool deleting)
    {
        var there = seen.Pool.Metadata.Finalizers?.Contains(Names.PoolFinalizer) == true;
        if (!deleting) return there ? null : true;
        return there && seen.Pods.Count == 0 ? false : null;
    }

    private sealed class Wakeups(DateTimeOffset now)
    {
        public DateTimeOffset? Next { get; private set; }

        public void At(DateTimeOffset? at)
        {
            if (at is { } when && when > now && (Next is null || when < Next)) Next = when;
        }
    }
}

/// <summary>Compares pool statuses.</summary>
internal static class PoolStatusComparer
{
    public static bool Same(AgentPoolStatus a, AgentPoolStatus b) =>
        a.ObservedGeneration == b.ObservedGeneration && a.Replicas == b.Replicas && a.Selector == b.Selector && a.Slots == b.Slots && a.Scaling == b.Scaling && a.Rebalanced == b.Rebalanced && a.Conditions.SequenceEqual(b.Conditions);

    public static bool ConditionsDiffer(AgentPoolStatus a, AgentPoolStatus b) =>
        a.ObservedGeneration != b.ObservedGeneration || a.Replicas != b.Replicas || a.Scaling != b.Scaling || a.Rebalanced != b.Rebalanced || !a.Conditions.Select(Key).SequenceEqual(b.Conditions.Select(Key));

    private static (string, ConditionStatus, string) Key(Condition c) => (c.Type, c.Status, c.Reason);
}
