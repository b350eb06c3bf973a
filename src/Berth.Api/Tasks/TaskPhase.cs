using System.Text.Json.Serialization;

namespace Berth.Api;

/// <summary>Where a task stands. Moves between phases are rows of one table (Berth.Core, TaskTransitions).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskPhase>))]
public enum TaskPhase
{
    /// <summary>Waits for a slot, for its workspace, or for a pause to end.</summary>
    Pending,

    /// <summary>Plan runs on a slot.</summary>
    Planning,

    /// <summary>Planned; waits for approval, or approved and waits for its slot.</summary>
    ApplyPending,

    /// <summary>Apply has been ordered and may run.</summary>
    Applying,

    /// <summary>The command of type Run has been ordered and may run.</summary>
    Running,

    /// <summary>The pod under an apply or run vanished; not over until it is proved dead.</summary>
    ApplyLost,

    /// <summary>Being stopped; lasts until everything is proved dead.</summary>
    Stopping,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>A person said no.</summary>
    Rejected,

    /// <summary>Ended on request.</summary>
    Stopped,

    /// <summary>Ended by an error that no retry can mend.</summary>
    Failed,

    /// <summary>Gave up after too many tries; requeue brings it back.</summary>
    DeadLettered,

    /// <summary>Nobody approved in time.</summary>
    Expired,
}

/// <summary>What an attempt runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptKind>))]
public enum AttemptKind
{
    /// <summary>prepare, source and plan.</summary>
    Plan,

    /// <summary>prepare and restore of a stored plan on another slot; runs no plan and no apply.</summary>
    Restore,

    /// <summary>apply.</summary>
    Apply,

    /// <summary>The command of type Run.</summary>
    Run,
}

/// <summary>Facts about phases.</summary>
public static class TaskPhases
{
    /// <summary>Whether the phase has no exit but requeue.</summary>
    public static bool IsTerminal(this TaskPhase phase) => phase >= TaskPhase.Succeeded;

    /// <summary>Whether a process of the task may be running in this phase.</summary>
    public static bool MayRun(this TaskPhase phase) =>
        phase is TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running or TaskPhase.ApplyLost or TaskPhase.Stopping;
}
