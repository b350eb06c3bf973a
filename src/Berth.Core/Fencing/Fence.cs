using Berth.Api;

namespace Berth.Core.Fencing;

/// <summary>What proves an attempt dead. Absence, silence, deletion and a phase alone never do.</summary>
public static class Fence
{
    /// <summary>The proof as one word, or null. A person's ConfirmDead is judged with the Approvals, not here.</summary>
    public static string? Prove(AttemptStatus attempt, PodFacts? pod, AgentFacts? agent) =>
        ByAgent(attempt, agent) ?? ByKubelet(attempt, agent, pod) ?? ByNode(attempt, pod);

    private static string? ByAgent(AttemptStatus attempt, AgentFacts? agent)
    {
        if (agent is null) return null;
        // An agent that has the attempt says itself when it is over; against its word boot numbers prove nothing.
        if (agent.Attempts.TryGetValue(attempt.Id, out var known)) return known.End is not null || known.Refused is not null || !known.MayRun ? "AgentReportedEnd" : null;
        return agent.Slots.TryGetValue(attempt.Slot, out var slot) && slot.RunnerBoot > attempt.RunnerBoot ? "RunnerRestarted" : null;
    }

    private static string? ByKubelet(AttemptStatus attempt, AgentFacts? agent, PodFacts? pod)
    {
        if (pod is null || !pod.Exists) return null;
        if (pod is { Terminal: true, AllTerminated: true, MarkedByCollector: false }) return "PodTerminated";
        var started = attempt.StartedAt ?? agent?.Attempts.GetValueOrDefault(attempt.Id)?.StartedAt;
        // Both times are the node's own, in whole seconds: the same second proves nothing.
        return started is { } start && pod.SlotFinishedAt.TryGetValue(attempt.Slot, out var finished) && finished.ToUnixTimeSeconds() > start.ToUnixTimeSeconds()
            ? "ContainerTerminated"
            : null;
    }

    private static string? ByNode(AttemptStatus attempt, PodFacts? pod)
    {
        if (pod is null || !pod.NodeExists) return null;
        if (pod.NodeReady && attempt.NodeBootId is { Length: > 0 } then && pod.NodeBootId.Length > 0 && pod.NodeBootId != then) return "NodeRebooted";
        return pod is { NodeReady: false, NodeOutOfService: true } ? "NodeOutOfService" : null;
    }
}
