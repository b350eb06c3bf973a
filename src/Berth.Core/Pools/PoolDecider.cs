using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>Keeps the pods of a pool. Never ends one that is running, reserved, or still holds what is not written.</summary>
public static class PoolDecider
{
    private static readonly TimeSpan StatusEvery = TimeSpan.FromSeconds(10);

    /// <summary>The decision for what was seen.</summary>
    public static PoolDecision Decide(PoolObserved seen)
    {
        var deleting = seen.Pool.Metadata.DeletionTimestamp is not null;
        var fault = seen.Stamp.Fault ?? seen.Refused;
        var live = seen.Pods.Where(p => !p.Deleting && !p.Terminal).ToList();
        var desired = deleting ? 0 : seen.Pool.Spec.Replicas ?? 1;
        var delete = seen.Pods.Where(p => p.Terminal && !p.Deleting).Concat(Surplus(seen, live, desired, deleting)).ToList();
        var create = fault is null ? Math.Max(0, desired - live.Count) : 0;
        var status = Status(seen, live, desired, fault);
        var wait = seen.StatusWrittenAt is { } written ? written + StatusEvery - seen.Now : TimeSpan.Zero;
        var changed = !PoolStatusComparer.Same(seen.Pool.Status, status);
        var urgent = PoolStatusComparer.ConditionsDiffer(seen.Pool.Status, status);
        return new PoolDecision
        {
            Create = create,
            Delete = delete,
            Unfence = seen.Pods.Where(p => p.HasFence && !p.Unfenced && (p.Terminal || p.Deleting) && Ended(p)).ToList(),
            Status = changed && (urgent || wait <= TimeSpan.Zero) ? status : null,
            WakeAt = changed && !urgent && wait > TimeSpan.Zero ? seen.Now + wait : null,
            Finalizer = Finalizer(seen, deleting),
            Fault = fault,
        };
    }

    /// <summary>With nothing unfenced and nothing left to say, an ending pod may go.</summary>
    private static bool Ended(PoolPod pod) => pod.Terminal || pod is { Running: 0, Unacknowledged: false };

    private static IEnumerable<PoolPod> Surplus(PoolObserved seen, List<PoolPod> live, int desired, bool deleting)
    {
        if (deleting) return live.Where(p => p.Free);
        var surplus = live.Count - desired;
        if (surplus > 0) return live.Where(p => p.Free).OrderBy(p => p.Ready ? 1 : 0).ThenBy(p => p.Hash == seen.Stamp.Hash ? 1 : 0).ThenByDescending(p => p.CreatedAt).ThenBy(p => p.Name, StringComparer.Ordinal).Take(surplus);
        // A changed template rolls one idle pod at a time, and only while all the others are ready.
        var outdated = live.Where(p => p.Hash != seen.Stamp.Hash && p.Free).OrderBy(p => p.CreatedAt).ThenBy(p => p.Name, StringComparer.Ordinal).Take(1);
        return seen.Stamp.Fault is null && seen.Refused is null && live.Count >= desired && live.All(p => p.Ready || p.Hash != seen.Stamp.Hash) ? outdated : [];
    }

    private static AgentPoolStatus Status(PoolObserved seen, List<PoolPod> live, int desired, Fault? fault)
    {
        var total = live.Count * seen.Pool.Spec.SlotsPerPod;
        var (running, reserved, idle) = (live.Sum(p => p.Running), live.Sum(p => p.Reserved), live.Where(p => p.Ready).Sum(p => p.Idle));
        var trouble = live.Select(p => p.Trouble).FirstOrDefault(t => t is not null);
        var ready = live.Count(p => p.Ready);
        var (holds, reason, message) = (fault ?? trouble) switch
        {
            { } problem when fault is not null || ready == 0 => (false, problem.Reason, problem.Message),
            _ when ready == 0 && desired > 0 => (false, Reasons.PodsStarting, $"{live.Count} of {desired} pods exist, none has a connected agent yet"),
            { } some => (true, some.Reason, $"{ready} of {desired} pods are ready; {some.Message}"),
            _ when ready < desired => (true, Reasons.PodsStarting, $"{ready} of {desired} pods are ready"),
            _ => (true, Reasons.AsExpected, live.Count > desired ? $"{live.Count - desired} pods more than wanted; they end as soon as nothing runs or is reserved on them" : desired == 0 ? "scaled to zero" : $"{ready} of {desired} pods are ready"),
        };
        return new AgentPoolStatus
        {
            ObservedGeneration = seen.Pool.Metadata.Generation,
            Replicas = live.Count,
            Selector = $"{Names.PoolLabel}={seen.Pool.Metadata.Name}",
            Slots = new SlotCounts { Total = total, Running = running, Reserved = reserved, Idle = idle, Unavailable = Math.Max(0, total - running - reserved - idle) },
            Conditions = [Condition(seen, holds, reason, message)],
        };
    }

    private static Condition Condition(PoolObserved seen, bool holds, string reason, string message)
    {
        var before = seen.Pool.Status.Conditions.FirstOrDefault(c => c.Type == "Ready");
        var status = holds ? ConditionStatus.True : ConditionStatus.False;
        var since = before?.Status == status ? before.LastTransitionTime : DateTimeOffset.FromUnixTimeSeconds(seen.Now.ToUnixTimeSeconds());
        return new Condition { Type = "Ready", Status = status, Reason = reason, Message = message, ObservedGeneration = seen.Pool.Metadata.Generation, LastTransitionTime = since };
    }

    private static bool? Finalizer(PoolObserved seen, bool deleting)
    {
        var there = seen.Pool.Metadata.Finalizers?.Contains(Names.PoolFinalizer) == true;
        if (!deleting) return there ? null : true;
        return there && seen.Pods.Count == 0 ? false : null;
    }
}

/// <summary>Compares pool statuses.</summary>
internal static class PoolStatusComparer
{
    public static bool Same(AgentPoolStatus a, AgentPoolStatus b) =>
        a.ObservedGeneration == b.ObservedGeneration && a.Replicas == b.Replicas && a.Selector == b.Selector && a.Slots == b.Slots && a.Conditions.SequenceEqual(b.Conditions);

    public static bool ConditionsDiffer(AgentPoolStatus a, AgentPoolStatus b) =>
        a.ObservedGeneration != b.ObservedGeneration || a.Replicas != b.Replicas || !a.Conditions.Select(Key).SequenceEqual(b.Conditions.Select(Key));

    private static (string, ConditionStatus, string) Key(Condition c) => (c.Type, c.Status, c.Reason);
}
