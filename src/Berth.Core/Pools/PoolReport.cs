using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>What the pool says of itself: its status, and what it tells the tasks that wait for it.</summary>
/// <param name="Status">The status as it should be.</param>
/// <param name="Blocking">Why nothing can run; null if something can, or soon will.</param>
/// <param name="Outlook">What is being done about missing slots; null if nothing is.</param>
internal sealed record PoolReport(AgentPoolStatus Status, Fault? Blocking, string? Outlook)
{
    public static PoolReport Of(PoolObserved seen, int desired, Scaling? scaling, PodRoll roll, Fault? fault, bool rebalanced)
    {
        var live = seen.Pods.Where(p => p.Live).ToList();
        var ready = live.Count(p => p.Ready && !p.Draining);
        var trouble = Trouble(live);
        var blocking = fault is not null && (ready == 0 || !fault.Retry) ? fault : ready == 0 ? trouble : null;
        var conditions = new List<Condition> { Ready(seen, live, ready, desired, roll, blocking, fault ?? trouble) };
        if (scaling is not null) conditions.Add(Limited(seen, scaling));
        var total = live.Count * seen.Pool.Spec.SlotsPerPod;
        var (running, reserved, idle) = (live.Sum(p => p.Running), live.Sum(p => p.Reserved), live.Where(p => p is { Ready: true, Draining: false }).Sum(p => p.Idle));
        var status = new AgentPoolStatus
        {
            ObservedGeneration = seen.Pool.Metadata.Generation,
            Replicas = live.Count,
            Selector = $"{Names.PoolLabel}={seen.Pool.Metadata.Name}",
            Scaling = scaling is null ? null : new ScalingStatus { DesiredReplicas = scaling.Desired, LastScaleTime = scaling.ChangedAt },
            Rebalanced = rebalanced ? Rebalancer.Wanted(seen) ?? seen.Pool.Status.Rebalanced : seen.Pool.Status.Rebalanced,
            Slots = new SlotCounts { Total = total, Running = running, Reserved = reserved, Idle = idle, Unavailable = Math.Max(0, total - running - reserved - idle) },
            Conditions = conditions,
        };
        return new PoolReport(status, blocking, Foresee(scaling, fault ?? trouble));
    }

    /// <summary>The first trouble, the same one for as long as it lasts whichever pod has it.</summary>
    private static Fault? Trouble(List<PoolPod> live) => live.Where(p => p.Trouble is not null).OrderBy(p => p.CreatedAt).ThenBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Trouble).FirstOrDefault();

    private static Condition Ready(PoolObserved seen, List<PoolPod> live, int ready, int desired, PodRoll roll, Fault? blocking, Fault? trouble)
    {
        var (holds, reason, message) = (blocking, trouble) switch
        {
            ({ } problem, _) => (false, problem.Reason, Failing(seen, problem)),
            (_, { } some) => (true, some.Reason, $"{ready} of {desired} pods are ready; {Failing(seen, some)}"),
            _ when ready == 0 && desired > 0 => (false, Reasons.PodsStarting, $"{live.Count} of {desired} pods exist, none has a connected agent yet"),
            _ when Rebalancer.Wanted(seen) is { } request => (true, Reasons.Rebalancing, $"{ready} of {desired} pods are ready; spreading pods over the nodes as asked at {request}"),
            _ when ready < desired => (true, Reasons.PodsStarting, $"{ready} of {desired} pods are ready"),
            _ => (true, Reasons.AsExpected, Calm(live, ready, desired, roll)),
        };
        return Condition(seen, "Ready", holds, reason, message);
    }

    private static string Failing(PoolObserved seen, Fault problem) =>
        seen.CreateNotBefore is { } again && again > seen.Now ? $"{problem.Message}; pods are created again with growing pauses" : problem.Message;

    private static string Calm(List<PoolPod> live, int ready, int desired, PodRoll roll)
    {
        var draining = live.Count(p => p.Draining);
        if (draining > 0) return $"{ready} of {desired} pods are ready; {draining} more are being drained and end once nothing runs on them";
        if (roll.Outdated > 0) return $"{Math.Min(ready, desired)} of {desired} pods are ready; {roll.Outdated} of an older template end once nothing runs or is reserved on them";
        if (live.Count > desired) return $"{live.Count - desired} pods more than wanted; they end as soon as nothing runs or is reserved on them";
        return desired == 0 ? "scaled to zero" : $"{ready} of {desired} pods are ready";
    }

    private static Condition Limited(PoolObserved seen, Scaling scaling) => scaling.Limited is { } wanted
        ? Condition(seen, "ScalingLimited", true, Reasons.MaxReplicas, $"tasks that wait could use more than the {seen.Pool.Spec.Autoscaling!.MaxReplicas} pods of spec.autoscaling.maxReplicas ({wanted} when last counted)")
        : Condition(seen, "ScalingLimited", false, Reasons.AsExpected, "demand is within spec.autoscaling");

    private static string? Foresee(Scaling? scaling, Fault? trouble) => (scaling, trouble) switch
    {
        (null, _) => null,
        (_, { } some) => $"more pods are wanted, but {some.Reason}: {some.Message}",
        ({ Limited: not null }, _) => "the pool has as many pods as spec.autoscaling.maxReplicas allows; begins when a slot is free",
        _ => "the pool starts pods as they are needed",
    };

    private static Condition Condition(PoolObserved seen, string type, bool holds, string reason, string message)
    {
        var before = seen.Pool.Status.Conditions.FirstOrDefault(c => c.Type == type);
        var status = holds ? ConditionStatus.True : ConditionStatus.False;
        var since = before?.Status == status ? before.LastTransitionTime : DateTimeOffset.FromUnixTimeSeconds(seen.Now.ToUnixTimeSeconds());
        return new Condition { Type = type, Status = status, Reason = reason, Message = Text.Cut(message, 1024), ObservedGeneration = seen.Pool.Metadata.Generation, LastTransitionTime = since };
    }
}
