using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>Everything that a pool's decision reads.</summary>
public sealed record PoolObserved
{
    /// <summary>The pool.</summary>
    public required AgentPoolResource Pool { get; init; }

    /// <summary>Its stamped pod.</summary>
    public required StampedPod Stamp { get; init; }

    /// <summary>Why the API server refuses the stamped pod; null if it takes it, or was not asked.</summary>
    public Fault? Refused { get; init; }

    /// <summary>Its pods, own writes that the cache does not show yet included.</summary>
    public required IReadOnlyList<PoolPod> Pods { get; init; }

    /// <summary>Now.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>When the status was last written.</summary>
    public DateTimeOffset? StatusWrittenAt { get; init; }
}

/// <summary>One pod of a pool.</summary>
public sealed record PoolPod
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Uid.</summary>
    public required string Uid { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Hash label.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Whether deletion was asked for.</summary>
    public bool Deleting { get; init; }

    /// <summary>Whether it ended.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whether its agent is connected and takes work.</summary>
    public bool Ready { get; init; }

    /// <summary>Whether it takes no new work.</summary>
    public bool Draining { get; init; }

    /// <summary>Whether our finalizer is on it.</summary>
    public bool HasFence { get; init; }

    /// <summary>Whether an attempt of Applying or Run on it is not proved dead.</summary>
    public bool Unfenced { get; init; }

    /// <summary>Slots where a command may be running.</summary>
    public int Running { get; init; }

    /// <summary>Slots held for a task.</summary>
    public int Reserved { get; init; }

    /// <summary>Slots that can take work.</summary>
    public int Idle { get; init; }

    /// <summary>Whether the agent still keeps output or results that are not written yet.</summary>
    public bool Unacknowledged { get; init; }

    /// <summary>What keeps it from getting ready, as the kubelet or scheduler says; null if nothing.</summary>
    public Fault? Trouble { get; init; }

    /// <summary>Whether nothing would be lost by ending it.</summary>
    public bool Free => Running == 0 && Reserved == 0 && !Unfenced && !Unacknowledged;
}

/// <summary>What to do about a pool.</summary>
public sealed record PoolDecision
{
    /// <summary>How many pods to create.</summary>
    public int Create { get; init; }

    /// <summary>Pods to delete, by name and uid.</summary>
    public IReadOnlyList<PoolPod> Delete { get; init; } = [];

    /// <summary>Pods from which our finalizer goes.</summary>
    public IReadOnlyList<PoolPod> Unfence { get; init; } = [];

    /// <summary>The status to write; null if it stays.</summary>
    public AgentPoolStatus? Status { get; init; }

    /// <summary>Whether our finalizer must be on the pool (true), must go (false), or is right (null).</summary>
    public bool? Finalizer { get; init; }

    /// <summary>When to look again.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>Why tasks cannot run here; null if they can.</summary>
    public Fault? Fault { get; init; }
}
