using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>How many pods demand asks for. Up at once by as many as are needed, down one by one; no history but when it last changed.</summary>
public static class Autoscaler
{
    private static readonly TimeSpan DefaultIdleTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DefaultCooldown = TimeSpan.FromSeconds(30);

    /// <summary>The decision for what was seen; the pool must have autoscaling set.</summary>
    public static Scaling Decide(PoolObserved seen)
    {
        var (spec, auto) = (seen.Pool.Spec, seen.Pool.Spec.Autoscaling!);
        var (min, max) = (Math.Min(auto.MinReplicas, auto.MaxReplicas), auto.MaxReplicas);
        var serving = seen.Pods.Where(p => p.Live && !p.Draining).ToList();
        var wanted = serving.Count + Missing(seen, serving, spec);
        var desired = Math.Clamp(wanted, min, max);
        DateTimeOffset? wake = null;
        if (wanted == serving.Count && desired == serving.Count && serving.Count > min)
        {
            var due = NextRemoval(seen, serving, auto);
            if (due is { } at && seen.Now >= at) desired--;
            else wake = due;
        }
        var before = seen.Pool.Status.Scaling;
        var changed = before?.DesiredReplicas != desired;
        return new Scaling(desired, wanted > max ? wanted : null, changed ? seen.Now : before!.LastScaleTime, wake);
    }

    /// <summary>Pods that are missing for the demand: what exists, starting pods included, is used first.</summary>
    private static int Missing(PoolObserved seen, List<PoolPod> serving, AgentPoolSpec spec)
    {
        var (free, freeApply) = (0, 0);
        foreach (var pod in serving)
        {
            if (pod.Silent) continue;
            var slots = Math.Max(0, spec.SlotsPerPod - pod.Held);
            free += slots;
            freeApply += Math.Min(slots, Math.Max(0, ApplySlots(spec) - pod.ApplyCapable));
        }
        return Math.Max(Ceiling(seen.Demand.Tasks - free, spec.SlotsPerPod), Ceiling(seen.Demand.ApplyCapable - freeApply, ApplySlots(spec)));
    }

    /// <summary>When a pod may be taken away; null while none could be, ever, without something else happening first.</summary>
    private static DateTimeOffset? NextRemoval(PoolObserved seen, List<PoolPod> serving, PoolAutoscaling auto)
    {
        if (seen.Demand.Tasks > 0) return null;
        var idle = serving.Where(p => p.Free && p.IdleSince is not null).Select(p => p.IdleSince!.Value + Durations.Or(auto.IdleTimeout, DefaultIdleTimeout)).ToList();
        if (idle.Count == 0) return null;
        var cooled = seen.Pool.Status.Scaling?.LastScaleTime is { } last ? last + Durations.Or(auto.ScaleDownCooldown, DefaultCooldown) : DateTimeOffset.MinValue;
        return idle.Min() > cooled ? idle.Min() : cooled;
    }

    private static int ApplySlots(AgentPoolSpec spec) => Math.Clamp(spec.ApplySlotsPerPod, 1, spec.SlotsPerPod);

    private static int Ceiling(int count, int each) => count <= 0 ? 0 : (count + each - 1) / each;
}

/// <summary>What the autoscaler decided.</summary>
/// <param name="Desired">Pods, within the bounds.</param>
/// <param name="Limited">Pods that demand asks for, where that is more than the pool may have.</param>
/// <param name="ChangedAt">When the number last changed.</param>
/// <param name="WakeAt">When a pod may be taken away if nothing happens.</param>
public sealed record Scaling(int Desired, int? Limited, DateTimeOffset? ChangedAt, DateTimeOffset? WakeAt);
