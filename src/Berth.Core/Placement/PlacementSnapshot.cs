namespace Berth.Core.Placement;

/// <summary>What placement looks at: the free slots of one pool, the tasks that want one, and who holds which workspace.</summary>
public sealed record PlacementSnapshot
{
    /// <summary>Name of the pool, for messages.</summary>
    public required string Pool { get; init; }

    /// <summary>Slots that can take work now.</summary>
    public required IReadOnlyList<FreeSlot> Slots { get; init; }

    /// <summary>Tasks that want a slot.</summary>
    public required IReadOnlyList<WaitingTask> Waiting { get; init; }

    /// <summary>How many more slots of each pod (by uid) may hold apply-capable work.</summary>
    public required IReadOnlyDictionary<string, int> ApplyBudget { get; init; }

    /// <summary>How many slots of each pod (by uid) are in use; work is spread to the emptiest.</summary>
    public IReadOnlyDictionary<string, int> Load { get; init; } = new Dictionary<string, int>();

    /// <summary>Who may be changing each workspace.</summary>
    public required IReadOnlyDictionary<string, WorkspaceHolder> Workspaces { get; init; }

    /// <summary>Reservations that may be given to an approved task: unapproved, with a stored plan.</summary>
    public IReadOnlyList<Reservation> Displaceable { get; init; } = [];
}

/// <summary>A slot that can take work.</summary>
public sealed record FreeSlot(string Pod, string PodUid, int Index, string Node, string NodeBootId, long RunnerBoot, bool Current);

/// <summary>A task that wants a slot.</summary>
public sealed record WaitingTask
{
    /// <summary>Name, within the namespace of the pool.</summary>
    public required string Name { get; init; }

    /// <summary>Uid.</summary>
    public required string Uid { get; init; }

    /// <summary>Workspace.</summary>
    public required string Workspace { get; init; }

    /// <summary>Higher first.</summary>
    public int Priority { get; init; }

    /// <summary>Earlier first among equals.</summary>
    public DateTimeOffset QueuedAt { get; init; }

    /// <summary>Whether it may change things once it has a slot (PlanAndApply and Run).</summary>
    public bool ApplyCapable { get; init; }

    /// <summary>Whether it is approved and only lacks its slot.</summary>
    public bool Approved { get; init; }
}

/// <summary>The task that may be changing a workspace.</summary>
public sealed record WorkspaceHolder(string Uid, string Name, string Doing);

/// <summary>A held slot that may be displaced.</summary>
public sealed record Reservation(string TaskUid, string PodUid, int Index, DateTimeOffset Since);

/// <summary>Who gets what, and why the others get nothing.</summary>
public sealed record PlacementResult
{
    /// <summary>Slot by task uid.</summary>
    public required IReadOnlyDictionary<string, FreeSlot> Offers { get; init; }

    /// <summary>Cause by task uid.</summary>
    public required IReadOnlyDictionary<string, Tasks.WaitCause> Waits { get; init; }

    /// <summary>Uids of tasks whose reservation is asked back.</summary>
    public required IReadOnlySet<string> Displaced { get; init; }
}
