using System.Collections.Frozen;
using Berth.Api;
using static Berth.Api.TaskPhase;
using static Berth.Core.Tasks.TaskSignal;

namespace Berth.Core.Tasks;

/// <summary>One row: in this phase this signal leads to that phase, for that reason unless the decider names a closer one.</summary>
public sealed record TaskTransition(TaskPhase From, TaskSignal Signal, TaskPhase To, string Reason);

/// <summary>The only place that knows which moves exist. Whoever asks "can Applying return to Planning?" reads here.</summary>
public static class TaskTransitions
{
    private static readonly TaskTransition[] Table =
    [
        new(Pending, PlanOrdered, Planning, Reasons.Planning),
        new(Pending, RunOrdered, Running, Reasons.Running),
        new(Pending, TaskSignal.Suspended, Pending, Reasons.Suspended),
        new(Pending, Resumed, Pending, Reasons.WaitingForSlot),
        new(Pending, TaskSignal.Superseded, Expired, Reasons.Superseded),
        new(Pending, StopRequested, Stopped, Reasons.Stopped),

        new(Planning, PlanSucceeded, ApplyPending, Reasons.AwaitingApproval),
        new(Planning, PlanNoChanges, Succeeded, Reasons.NoChanges),
        new(Planning, PlanOnlySucceeded, Succeeded, Reasons.Planned),
        new(Planning, CommandFailed, Pending, Reasons.BackingOff),
        new(Planning, CommandFailedPermanently, Failed, Reasons.PermanentFailure),
        new(Planning, RetriesExhausted, DeadLettered, Reasons.RetriesExhausted),
        new(Planning, AttemptRefused, Pending, Reasons.AttemptRefused),
        new(Planning, PlanLost, Pending, Reasons.PlanLost),
        new(Planning, ResetsExhausted, DeadLettered, Reasons.ResetsExhausted),
        new(Planning, StopRequested, Stopping, Reasons.Stopping),

        new(ApplyPending, ReservationLost, ApplyPending, Reasons.SlotLost),
        new(ApplyPending, ReservationReset, Pending, Reasons.PlanLost),
        new(ApplyPending, ReservationReleased, ApplyPending, Reasons.HoldExpired),
        new(ApplyPending, ReservationTaken, ApplyPending, Reasons.Restoring),
        new(ApplyPending, PlanRestored, ApplyPending, Reasons.AwaitingApproval),
        new(ApplyPending, AttemptRefused, ApplyPending, Reasons.AttemptRefused),
        new(ApplyPending, CommandFailed, ApplyPending, Reasons.BackingOff),
        new(ApplyPending, CommandFailedPermanently, Failed, Reasons.PermanentFailure),
        new(ApplyPending, RetriesExhausted, DeadLettered, Reasons.RetriesExhausted),
        new(ApplyPending, ResetsExhausted, DeadLettered, Reasons.ResetsExhausted),
        new(ApplyPending, InputsChanged, Pending, Reasons.InputsChanged),
        new(ApplyPending, Approved, ApplyPending, Reasons.Approved),
        new(ApplyPending, ApprovalRevoked, ApplyPending, Reasons.ApprovalRevoked),
        new(ApplyPending, TaskSignal.Rejected, TaskPhase.Rejected, Reasons.Rejected),
        new(ApplyPending, ApprovalTimedOut, Expired, Reasons.ApprovalTimedOut),
        new(ApplyPending, TaskSignal.Superseded, Expired, Reasons.Superseded),
        new(ApplyPending, ApplyOrdered, Applying, Reasons.Applying),
        new(ApplyPending, TaskSignal.Suspended, ApplyPending, Reasons.Suspended),
        new(ApplyPending, Resumed, ApplyPending, Reasons.AwaitingApproval),
        new(ApplyPending, StopRequested, Stopped, Reasons.Stopped),

        new(Applying, WorkSucceeded, Succeeded, Reasons.Applied),
        new(Applying, WorkFailed, Failed, Reasons.CommandFailed),
        new(Applying, NothingChanged, Pending, Reasons.NothingChanged),
        new(Applying, InputsChanged, Pending, Reasons.InputsChanged),
        new(Applying, AttemptRefused, Pending, Reasons.AttemptRefused),
        new(Applying, ResetsExhausted, DeadLettered, Reasons.ResetsExhausted),
        new(Applying, WorkLost, ApplyLost, Reasons.ApplyLost),
        new(Applying, StopRequested, Stopping, Reasons.Stopping),

        new(Running, WorkSucceeded, Succeeded, Reasons.Completed),
        new(Running, WorkFailed, Failed, Reasons.CommandFailed),
        new(Running, AttemptRefused, Pending, Reasons.AttemptRefused),
        new(Running, WorkLost, ApplyLost, Reasons.ApplyLost),
        new(Running, StopRequested, Stopping, Reasons.Stopping),

        new(ApplyLost, WorkSucceeded, Succeeded, Reasons.Applied),
        new(ApplyLost, WorkFailed, Failed, Reasons.CommandFailed),
        new(ApplyLost, NothingChanged, Pending, Reasons.NothingChanged),
        new(ApplyLost, Fenced, ApplyLost, Reasons.ApplyOutcomeUnknown),
        new(ApplyLost, TaskSignal.Replan, Pending, Reasons.Replan),
        new(ApplyLost, ResetsExhausted, DeadLettered, Reasons.ResetsExhausted),
        new(ApplyLost, MarkedSucceeded, Succeeded, Reasons.MarkedSucceeded),
        new(ApplyLost, MarkedFailed, Failed, Reasons.MarkedFailed),
        new(ApplyLost, StopRequested, Stopping, Reasons.Stopping),

        new(Stopping, StopProved, Stopped, Reasons.Stopped),
        new(Stopping, WorkSucceeded, Succeeded, Reasons.Applied),
        new(Stopping, WorkFailed, Failed, Reasons.CommandFailed),
        new(Stopping, Fenced, Stopping, Reasons.Stopping),

        new(Succeeded, Requeued, Pending, Reasons.Requeued),
        new(TaskPhase.Rejected, Requeued, Pending, Reasons.Requeued),
        new(Stopped, Requeued, Pending, Reasons.Requeued),
        new(Failed, Requeued, Pending, Reasons.Requeued),
        new(DeadLettered, Requeued, Pending, Reasons.Requeued),
        new(Expired, Requeued, Pending, Reasons.Requeued),
    ];

    private static readonly FrozenDictionary<(TaskPhase, TaskSignal), TaskTransition> Index = Table.ToFrozenDictionary(row => (row.From, row.Signal));

    /// <summary>All rows, in the order of a task's life.</summary>
    public static IReadOnlyList<TaskTransition> Rows => Table;

    /// <summary>The row for a signal in a phase; null if there is none, which is an error of the decider.</summary>
    public static TaskTransition? Find(TaskPhase from, TaskSignal signal) => Index.GetValueOrDefault((from, signal));
}
