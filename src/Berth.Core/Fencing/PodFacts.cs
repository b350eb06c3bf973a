namespace Berth.Core.Fencing;

/// <summary>What the API says about one pod (by uid) and its node.</summary>
public sealed record PodFacts
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Uid that the task recorded.</summary>
    public required string Uid { get; init; }

    /// <summary>Whether an object with that uid exists. Absence is a loss, and never a proof.</summary>
    public bool Exists { get; init; }

    /// <summary>Whether deletion was asked for.</summary>
    public bool Deleting { get; init; }

    /// <summary>Whether new work must not go there: deleting, drained, node cordoned.</summary>
    public bool Draining { get; init; }

    /// <summary>Why new work must not go there, as a sentence; null if it may.</summary>
    public string? DrainedFor { get; init; }

    /// <summary>Whether phase is Failed or Succeeded.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whether the pod garbage collector or the taint manager, not the kubelet, made it terminal.</summary>
    public bool MarkedByCollector { get; init; }

    /// <summary>Whether every container, init containers included, is reported terminated.</summary>
    public bool AllTerminated { get; init; }

    /// <summary>Finish time of the latest termination of each slot container, as the kubelet reported it; whole seconds.</summary>
    public IReadOnlyDictionary<int, DateTimeOffset> SlotFinishedAt { get; init; } = new Dictionary<int, DateTimeOffset>();

    /// <summary>Node.</summary>
    public string Node { get; init; } = "";

    /// <summary>Whether the Node object exists.</summary>
    public bool NodeExists { get; init; } = true;

    /// <summary>Whether the node is Ready.</summary>
    public bool NodeReady { get; init; } = true;

    /// <summary>Boot id that the node's status names now.</summary>
    public string NodeBootId { get; init; } = "";

    /// <summary>Whether the node carries the out-of-service taint.</summary>
    public bool NodeOutOfService { get; init; }
}
