using Berth.Core.Tasks;

namespace Berth.Core.Placement;

/// <summary>What placement looks at: the free slots of one pool, the tasks that want one, and who holds which workspace.</summary>
public sealed record PlacementSnapshot
{
    /// <summary>Name of the pool, for messages.</summary>
    public required string Pool { get; init; }

    /// <summary>Slots that can take work now.</summary>
    public required IReadOnlyList<FreeSlot> Slots { get; init; }

    /// <summary>Tasks that want a slot.</summary>
    public required IReadOnlyCollection<WaitingTask> Waiting { get; init; }

    /// <summary>How many more slots of each pod (by uid) may hold apply-capable work.</summary>
    public required IReadOnlyDictionary<string, int> ApplyBudget { get; init; }

    /// <summary>How many slots of each pod (by uid) are in use; work is spread to the emptiest.</summary>
    public IReadOnlyDictionary<string, int> Load { get; init; } = new Dictionary<string, int>();

    /// <summary>How many slots of each node are in use; among pods of equal standing the emptier node comes first.</summary>
    public IReadOnlyDictionary<string, int> NodeLoad { get; init; } = new Dictionary<string, int>();

    /// <summary>Who may be changing each workspace.</summary>
    public required IReadOnlyDictionary<string, WorkspaceHolder> Workspaces { get; init; }

    /// <summary>How many slots of the pool each workspace holds; workspaces that hold fewer come first among equals.</summary>
    public IReadOnlyDictionary<string, int> Held { get; init; } = new Dictionary<string, int>();

    /// <summary>Caps on tasks that hold slots: the pool's and the namespace's.</summary>
    public IReadOnlyList<TaskCap> Caps { get; init; } = [];

    /// <summary>Why nothing that is not approved may begin; null if it may.</summary>
    public WaitCause? NothingNew { get; init; }

    /// <summary>Reservations that may be given to an approved task: unapproved, with a stored plan.</summary>
    public IReadOnlyList<Reservation> Displaceable { get; init; } = [];

    /// <summary>Slots that were given back and become free in a moment; nobody is displaced for as many tasks.</summary>
    public int Freeing { get; init; }

    /// <summary>How many slots this pool has given away so far; each tenth goes to the task that waits longest.</summary>
    public long Given { get; init; }

    /// <summary>What is being done about missing slots, for the message of those who wait; null if nothing is.</summary>
    public string? Outlook { get; init; }
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

    /// <summary>Whether it discards older work of its workspace that nobody has approved.</summary>
    public bool Supersedes { get; init; }

    /// <summary>Whether a newer task may discard it.</summary>
    public bool Discardable { get; init; }
}

/// <summary>The task that may be changing a workspace.</summary>
/// <param name="Uid">Its uid.</param>
/// <param name="Name">Its name.</param>
/// <param name="Doing">What it does, in a word.</param>
/// <param name="QueuedAt">When it entered the queue.</param>
/// <param name="Discardable">Whether a newer task may discard it: an unapproved plan.</param>
public sealed record WorkspaceHolder(string Uid, string Name, string Doing, DateTimeOffset QueuedAt = default, bool Discardable = false);

/// <summary>A held slot that may be displaced.</summary>
public sealed record Reservation(string TaskUid, string PodUid, int Index, DateTimeOffset Since);

/// <summary>A cap on tasks that hold slots at once.</summary>
/// <param name="Scope">For messages: which pool or namespace, and where the cap stands.</param>
/// <param name="Tasks">Most tasks in all; null for no cap.</param>
/// <param name="TasksPerWorkspace">Most tasks of one workspace; null for no cap.</param>
/// <param name="Held">How many hold a slot now.</param>
/// <param name="HeldByWorkspace">How many of each workspace.</param>
public sealed record TaskCap(string Scope, int? Tasks, int? TasksPerWorkspace, int Held, IReadOnlyDictionary<string, int> HeldByWorkspace);
