using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>Everything the decider reads, the moment and chance included. The same input gives the same decision, for ever.</summary>
public sealed record TaskObserved
{
    /// <summary>The task as the API has it.</summary>
    public required TaskResource Task { get; init; }

    /// <summary>Now.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Chance in [0, 1), for jitter.</summary>
    public double Jitter { get; init; }

    /// <summary>The leader that decides.</summary>
    public required LeaderFacts Leader { get; init; }

    /// <summary>The task's pool; null if there is none of that name.</summary>
    public PoolFacts? Pool { get; init; }

    /// <summary>The pod of the current attempt or reservation; null if the task names none.</summary>
    public PodFacts? Pod { get; init; }

    /// <summary>The agent in that pod; null while it has not spoken to this leader.</summary>
    public AgentFacts? Agent { get; init; }

    /// <summary>The slot that placement offers in this pass.</summary>
    public SlotOffer? Offer { get; init; }

    /// <summary>Why placement offers none, if the task waits.</summary>
    public WaitCause? Wait { get; init; }

    /// <summary>Whether placement asks for this unapproved reservation, for an approved task that has no slot.</summary>
    public bool Displaced { get; init; }

    /// <summary>Name of another task that has this one's workspace, looked for where an attempt of an earlier leader might be sent; null if there is none.</summary>
    public string? WorkspaceTakenBy { get; init; }

    /// <summary>Name of the newer task that discards this one while nobody has approved it; null if there is none.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>Why nothing that changes the world may begin now; null if it may.</summary>
    public WorkHold? Hold { get; init; }

    /// <summary>Inputs as they are now, where a plan could be ordered or a manifest must be checked; null where not read.</summary>
    public InputsFacts? Inputs { get; init; }

    /// <summary>Whether the database holds all that the plan needs; null if not asked.</summary>
    public bool? PlanStored { get; init; }

    /// <summary>The latest request for a checkpoint that an agent has answered; null if none was.</summary>
    public string? CheckpointSaved { get; init; }

    /// <summary>Approvals about this task (by name), whatever their verdict.</summary>
    public IReadOnlyList<ApprovalResource> Approvals { get; init; } = [];

    /// <summary>Since when the task has been asking for a slot, as far as this leader knows; null before its first pass.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>The granted Approval as a live read has it, where one was made: false if it is gone.</summary>
    public bool? GrantStillThere { get; init; }

    /// <summary>Whether the cluster was proved to check who approves in this namespace.</summary>
    public ApprovalProof Proof { get; init; } = ApprovalProof.None;

    /// <summary>Highest sequence number of this task that the database has; 0 if not known.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Why the database takes nothing now, in one word; null while it does.</summary>
    public string? HistoryTrouble { get; init; }

    /// <summary>Highest sequence number that is kept beside the task until the database is back; 0 if none is.</summary>
    public long Spilled { get; init; }

    /// <summary>Whether this loss is one of many at once and costs the task nothing.</summary>
    public bool MassLoss { get; init; }
}

/// <summary>The leader that decides.</summary>
public sealed record LeaderFacts(string Identity, long Epoch, DateTimeOffset Since);

/// <summary>What a task needs to know of its pool.</summary>
public sealed record PoolFacts
{
    /// <summary>Spec of the pool.</summary>
    public required AgentPoolSpec Spec { get; init; }

    /// <summary>Why the pool cannot run anything; null if it can.</summary>
    public Fault? Fault { get; init; }
}

/// <summary>What cannot go on, why, and whether trying again helps.</summary>
public sealed record Fault(string Reason, string Message, bool Retry = true);

/// <summary>A slot that placement gives to the task.</summary>
public sealed record SlotOffer
{
    /// <summary>Pod name.</summary>
    public required string Pod { get; init; }

    /// <summary>Pod uid.</summary>
    public required string PodUid { get; init; }

    /// <summary>Index.</summary>
    public required int Index { get; init; }

    /// <summary>Node.</summary>
    public string Node { get; init; } = "";

    /// <summary>Boot id of the node as the agent reported it.</summary>
    public string NodeBootId { get; init; } = "";

    /// <summary>Runner boot of the slot in the agent's inventory.</summary>
    public long RunnerBoot { get; init; }
}

/// <summary>Why a task gets no slot now.</summary>
public sealed record WaitCause(string Reason, string Message);

/// <summary>Why applies and runs are held back.</summary>
/// <param name="Reason">FreezeWindow, or InvalidWindow while the windows cannot be read.</param>
/// <param name="Message">For a person.</param>
/// <param name="Until">When it ends by itself; null if somebody has to mend something.</param>
public sealed record WorkHold(string Reason, string Message, DateTimeOffset? Until);

/// <summary>Inputs resolved from the cluster: either a snapshot or a fault.</summary>
public sealed record InputsFacts(InputsStatus? Snapshot, Fault? Fault);
