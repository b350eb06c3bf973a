using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Fencing;

/// <summary>Whether the pod under an attempt or reservation must be given up. A loss is no proof of death; see <see cref="Fence"/>.</summary>
public static class Loss
{
    /// <summary>After a takeover agents get this long to find the new leader before silence counts at all.</summary>
    public static readonly TimeSpan TakeoverGrace = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which an agent counts as lost where the pool does not say.</summary>
    public static readonly TimeSpan DefaultLostAfter = TimeSpan.FromMinutes(2);

    /// <summary>Why the slot counts as lost, or null while it does not.</summary>
    /// <param name="seen">What was observed.</param>
    /// <param name="slot">Index of the slot.</param>
    /// <param name="runnerBoot">Runner boot at the time the slot was taken; 0 if not known.</param>
    public static string? Cause(TaskObserved seen, int slot, long runnerBoot)
    {
        var pod = seen.Pod;
        if (pod is null || !pod.Exists) return $"pod {pod?.Name ?? "?"} is gone";
        if (pod.Terminal) return $"pod {pod.Name} ended";
        if (runnerBoot > 0 && seen.Agent?.Slots.GetValueOrDefault(slot) is { } now && now.RunnerBoot > runnerBoot) return $"the container of slot {pod.Name}/{slot} was restarted";
        if (!pod.NodeExists) return $"node {pod.Node} of pod {pod.Name} is gone";
        if (pod is { NodeReady: false, NodeOutOfService: true }) return $"node {pod.Node} is out of service";
        return LostAt(seen) is { } at && seen.Now >= at ? $"the agent of pod {pod.Name} has been silent for {Durations.Describe(LostAfter(seen))}" : null;
    }

    /// <summary>When the agent will count as lost if it stays silent; null while it is connected.</summary>
    public static DateTimeOffset? LostAt(TaskObserved seen)
    {
        if (seen.Agent is { Connected: true }) return null;
        var judged = seen.Leader.Since + TakeoverGrace + LostAfter(seen);
        return seen.Agent?.SilentSince is { } since && since + LostAfter(seen) > judged ? since + LostAfter(seen) : judged;
    }

    private static TimeSpan LostAfter(TaskObserved seen) => Durations.Or(seen.Pool?.Spec.AgentLostAfter, DefaultLostAfter);
}
