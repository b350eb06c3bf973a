namespace Berth.Core.Tasks;

/// <summary>What happened. Together with the phase it picks a row of <see cref="TaskTransitions"/>.</summary>
public enum TaskSignal
{
    /// <summary>A slot was taken and the plan attempt is ordered.</summary>
    PlanOrdered,

    /// <summary>A slot was taken and the command of type Run is ordered.</summary>
    RunOrdered,

    /// <summary>Plan made something to approve.</summary>
    PlanSucceeded,

    /// <summary>Plan found nothing to do.</summary>
    PlanNoChanges,

    /// <summary>Plan of a plan-only task succeeded.</summary>
    PlanOnlySucceeded,

    /// <summary>A command failed and will be tried again.</summary>
    CommandFailed,

    /// <summary>A command failed and no retry can mend it.</summary>
    CommandFailedPermanently,

    /// <summary>A command failed too often.</summary>
    RetriesExhausted,

    /// <summary>The agent refused the attempt; it never started.</summary>
    AttemptRefused,

    /// <summary>The pod under the plan is lost.</summary>
    PlanLost,

    /// <summary>Losses sent the task back too often.</summary>
    ResetsExhausted,

    /// <summary>The reserved slot is lost; the stored plan goes elsewhere.</summary>
    ReservationLost,

    /// <summary>The reserved slot is lost, and the plan with it.</summary>
    ReservationReset,

    /// <summary>The reserved slot was given up.</summary>
    ReservationReleased,

    /// <summary>Another slot was taken for the stored plan.</summary>
    ReservationTaken,

    /// <summary>The stored plan is in place and verified on its new slot.</summary>
    PlanRestored,

    /// <summary>Apply would run with something that was not planned.</summary>
    InputsChanged,

    /// <summary>A person approved, or nobody has to.</summary>
    Approved,

    /// <summary>The approval can no longer be used.</summary>
    ApprovalRevoked,

    /// <summary>A person rejected the plan.</summary>
    Rejected,

    /// <summary>Nobody approved in time.</summary>
    ApprovalTimedOut,

    /// <summary>A newer task of the workspace discards the unapproved plan.</summary>
    Superseded,

    /// <summary>The grant is spent and the apply attempt is ordered.</summary>
    ApplyOrdered,

    /// <summary>The apply or run succeeded.</summary>
    WorkSucceeded,

    /// <summary>The apply or run failed.</summary>
    WorkFailed,

    /// <summary>Apply promises that it changed nothing.</summary>
    NothingChanged,

    /// <summary>The pod under the apply or run is lost.</summary>
    WorkLost,

    /// <summary>The lost attempt is proved dead.</summary>
    Fenced,

    /// <summary>Plan again after a loss.</summary>
    Replan,

    /// <summary>A person says that the lost attempt did its work.</summary>
    MarkedSucceeded,

    /// <summary>A person says that the lost attempt failed.</summary>
    MarkedFailed,

    /// <summary>A stop, or the deletion of the task, was asked for.</summary>
    StopRequested,

    /// <summary>Everything is proved dead after a stop.</summary>
    StopProved,

    /// <summary>Held still on request.</summary>
    Suspended,

    /// <summary>Goes on, on request.</summary>
    Resumed,

    /// <summary>Run again on request.</summary>
    Requeued,
}
