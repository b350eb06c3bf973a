using Berth.Core.Tasks;

namespace Berth.Core.Placement;

/// <summary>Who gets what, and why the others get nothing.</summary>
public sealed record PlacementResult
{
    /// <summary>Slot by task uid.</summary>
    public required IReadOnlyDictionary<string, FreeSlot> Offers { get; init; }

    /// <summary>Cause by task uid.</summary>
    public required IReadOnlyDictionary<string, WaitCause> Waits { get; init; }

    /// <summary>Uids of tasks whose reservation is asked back.</summary>
    public required IReadOnlySet<string> Displaced { get; init; }

    /// <summary>Tasks that a newer one discards: uid to the name of the newer.</summary>
    public required IReadOnlyDictionary<string, string> Superseded { get; init; }

    /// <summary>Uids of those who get a slot, in the order in which they had their turn.</summary>
    public required IReadOnlyList<string> Served { get; init; }

    /// <summary>What more slots would be used for at once.</summary>
    public required SlotDemand Unmet { get; init; }

    /// <summary>How many slots were given away before this run, and with it.</summary>
    public long Given { get; init; }

    /// <summary>How often a pod or a task was looked at; for tests of what it costs.</summary>
    public long Steps { get; init; }
}

/// <summary>Tasks that would begin at once on more slots.</summary>
/// <param name="Tasks">All of them.</param>
/// <param name="ApplyCapable">Those among them that can change things.</param>
public readonly record struct SlotDemand(int Tasks, int ApplyCapable);
