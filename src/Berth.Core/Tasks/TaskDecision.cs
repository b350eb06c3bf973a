using Berth.Api;
using Berth.Core.Approvals;

namespace Berth.Core.Tasks;

/// <summary>What to write and what to do. The status is written first; actions are idempotent and follow from the phase.</summary>
public sealed record TaskDecision
{
    /// <summary>The status to write; the very instance that was observed if nothing changes.</summary>
    public required TaskStatus Status { get; init; }

    /// <summary>Whether our finalizer must be there (true), must go (false), or is right as it is (null).</summary>
    public bool? Finalizer { get; init; }

    /// <summary>Effects, in order.</summary>
    public IReadOnlyList<TaskAction> Actions { get; init; } = [];

    /// <summary>Verdicts on Approvals.</summary>
    public IReadOnlyList<ApprovalVerdict> Verdicts { get; init; } = [];

    /// <summary>Rows that were applied, for events, logs and metrics.</summary>
    public IReadOnlyList<AppliedTransition> Transitions { get; init; } = [];

    /// <summary>What people should be told although nothing moved.</summary>
    public IReadOnlyList<TaskNotice> Notices { get; init; } = [];

    /// <summary>Whether the task would take a slot if placement offered one.</summary>
    public bool WantsSlot { get; init; }

    /// <summary>When to look again if nothing happens; null when only an event can change anything.</summary>
    public DateTimeOffset? WakeAt { get; init; }
}

/// <summary>A row that was applied, with the message that went with it.</summary>
public sealed record AppliedTransition(TaskTransition Row, string Reason, string Message, string? Actor);

/// <summary>Something to tell people that changes nothing.</summary>
public sealed record TaskNotice(string Reason, string Message);

/// <summary>An effect. Repeating one is harmless; losing one is healed by the next pass.</summary>
public abstract record TaskAction
{
    /// <summary>Send the current attempt to its agent.</summary>
    public sealed record SendAttempt(AttemptStatus Attempt) : TaskAction;

    /// <summary>Tell the agent that the result is durable.</summary>
    public sealed record AcknowledgeAttempt(string PodUid, string Attempt) : TaskAction;

    /// <summary>End the attempt: TERM, grace, KILL.</summary>
    public sealed record CancelAttempt(string PodUid, int Slot, string Attempt, string Reason) : TaskAction;

    /// <summary>The slot's directory is no longer needed.</summary>
    public sealed record ReleaseSlot(string PodUid, int Slot, string Directory) : TaskAction;

    /// <summary>Ask the database whether it holds all artifacts of this attempt's plan; the answer comes as <see cref="TaskObserved.PlanStored"/>.</summary>
    public sealed record CheckPlanStored(string PodUid, string Attempt, PlanStatus Plan) : TaskAction;

    /// <summary>Hand unacknowledged transitions to the history writer.</summary>
    public sealed record WriteHistory : TaskAction;

    /// <summary>Keep unacknowledged transitions beside the task, which is being deleted while the database is away.</summary>
    public sealed record SpillHistory : TaskAction;

    /// <summary>Delete the task: its time after the end is over.</summary>
    public sealed record DeleteTask : TaskAction;
}
