using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>What to do about a pool.</summary>
public sealed record PoolDecision
{
    /// <summary>How many pods to create.</summary>
    public int Create { get; init; }

    /// <summary>Pods to delete, by name and uid.</summary>
    public IReadOnlyList<PoolPod> Delete { get; init; } = [];

    /// <summary>Pods from which our finalizer goes.</summary>
    public IReadOnlyList<PoolPod> Unfence { get; init; } = [];

    /// <summary>A pod to drain, and the value of the annotation.</summary>
    public (PoolPod Pod, string For)? Drain { get; init; }

    /// <summary>Pods (by uid) of an older template that get no new work; what they hold stays.</summary>
    public IReadOnlySet<string> Retiring { get; init; } = new HashSet<string>();

    /// <summary>The number to write into spec.replicas; null if it is right.</summary>
    public int? Replicas { get; init; }

    /// <summary>Set when somebody else changed spec.replicas while autoscaling sets it: the number they wrote.</summary>
    public int? UndoneReplicas { get; init; }

    /// <summary>The status to write; null if it stays.</summary>
    public AgentPoolStatus? Status { get; init; }

    /// <summary>Whether our finalizer must be on the pool (true), must go (false), or is right (null).</summary>
    public bool? Finalizer { get; init; }

    /// <summary>When to look again.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>Why tasks cannot run here; null if they can.</summary>
    public Fault? Fault { get; init; }

    /// <summary>What is being done about missing slots, for those who wait; null if nothing is.</summary>
    public string? Outlook { get; init; }
}
