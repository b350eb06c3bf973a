namespace Berth.Core.Pools;

/// <summary>What a node announces: that it is cordoned, or that it is about to go.</summary>
public static class NodeNotice
{
    private static readonly string[] LeavingTaints =
    [
        "node.kubernetes.io/out-of-service",
        "node.cloudprovider.kubernetes.io/shutdown",
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disrupted",
        "karpenter.sh/disruption",
        "cloud.google.com/impending-node-termination",
        "aws-node-termination-handler/spot-itn",
        "aws-node-termination-handler/asg-lifecycle-termination",
        "aws-node-termination-handler/scheduled-maintenance",
        "aws-node-termination-handler/rebalance-recommendation",
    ];

    private static readonly string[] LeavingConditions = ["VMEventScheduled", "PreemptScheduled", "TerminateScheduled", "RedeployScheduled", "RebootScheduled"];

    /// <summary>What the node announces; null if nothing.</summary>
    /// <param name="unschedulable">Whether it is cordoned.</param>
    /// <param name="taints">Keys of its taints.</param>
    /// <param name="conditions">Types of its conditions that are True.</param>
    public static NodeLeaving? Of(bool unschedulable, IEnumerable<string> taints, IEnumerable<string> conditions)
    {
        foreach (var taint in taints)
            if (LeavingTaints.Contains(taint, StringComparer.Ordinal)) return new NodeLeaving(Soon: true, $"is about to go (taint {taint})");
        foreach (var condition in conditions)
            if (LeavingConditions.Contains(condition, StringComparer.Ordinal)) return new NodeLeaving(Soon: true, $"is about to go (condition {condition})");
        return unschedulable ? new NodeLeaving(Soon: false, "is cordoned") : null;
    }
}

/// <summary>What a node announces.</summary>
/// <param name="Soon">Whether it goes by itself, with everything on it.</param>
/// <param name="What">For a sentence about the node.</param>
public sealed record NodeLeaving(bool Soon, string What);
