using Berth.Api;
using Berth.Core.Placement;
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

    /// <summary>Tasks that would begin at once on more slots.</summary>
    public SlotDemand Demand { get; init; }

    /// <summary>No pod is created before this moment: the last ones were refused or ended at once.</summary>
    public DateTimeOffset? CreateNotBefore { get; init; }

    /// <summary>Nodes that could take a pod of this pool, for spreading.</summary>
    public IReadOnlyCollection<string> Nodes { get; init; } = [];
}

/// <summary>One pod of a pool.</summary>
public sealed record PoolPod
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Uid.</summary>
    public required string Uid { get; init; }

    /// <summary>Node; empty while it has none.</summary>
    public string Node { get; init; } = "";

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

    /// <summary>Whether it was ready before and its agent is silent now.</summary>
    public bool Silent { get; init; }

    /// <summary>Whether it takes no new work, and its reservations move.</summary>
    public bool Draining { get; init; }

    /// <summary>Whether it is to end as soon as it is free: drained on request, or its node is about to go.</summary>
    public bool Leaving { get; init; }

    /// <summary>Value of its drain annotation, if any.</summary>
    public string? DrainedFor { get; init; }

    /// <summary>Whether our finalizer is on it.</summary>
    public bool HasFence { get; init; }

    /// <summary>Whether an attempt of Applying or Run on it is not proved dead.</summary>
    public bool Unfenced { get; init; }

    /// <summary>Slots where a command may be running.</summary>
    public int Running { get; init; }

    /// <summary>Slots held for a task.</summary>
    public int Reserved { get; init; }

    /// <summary>Slots that are promised to a task whose status does not say so yet.</summary>
    public int Offered { get; init; }

    /// <summary>Slots that hold work which can change things, promised ones included.</summary>
    public int ApplyCapable { get; init; }

    /// <summary>Slots that can take work.</summary>
    public int Idle { get; init; }

    /// <summary>Since when nothing has been on it; null while something is.</summary>
    public DateTimeOffset? IdleSince { get; init; }

    /// <summary>Whether the agent still keeps output or results that are not written yet.</summary>
    public bool Unacknowledged { get; init; }

    /// <summary>What keeps it from getting ready, as the kubelet or scheduler says; null if nothing.</summary>
    public Fault? Trouble { get; init; }

    /// <summary>By when its agent should have connected; null if it has, if its container does not run yet, or if that time is over.</summary>
    public DateTimeOffset? HeardBy { get; init; }

    /// <summary>Slots that hold something.</summary>
    public int Held => Running + Reserved + Offered;

    /// <summary>Whether nothing would be lost by ending it.</summary>
    public bool Free => Held == 0 && !Unfenced && !Unacknowledged;

    /// <summary>Whether it exists and is not on its way out by the API's word.</summary>
    public bool Live => !Deleting && !Terminal;
}
