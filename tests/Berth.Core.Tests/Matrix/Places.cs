using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Matrix;

/// <summary>A task in each place where disaster can meet it, with its pod and agent in good health. The columns of the matrix.</summary>
internal static class Places
{
    private const string First = $"{A.Uid}-1";
    private const string Second = $"{A.Uid}-2";

    public static readonly IReadOnlyList<string> Names = ["Pending", "Planning", "Unapproved", "Approved", "Applying", "Run", "Stopping", "Suspended"];

    public static readonly IReadOnlyList<string> MoreNames = ["Restoring", "StoppingPlan", "StoppingApply", "SuspendedUnstored", "SuspendedPending", "Lost"];

    public static TaskObserved Of(string place) => place switch
    {
        "Restoring" => Busy(A.Reserved(status: s => s with { Reason = Reasons.Restoring, Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = Started(2, AttemptKind.Restore) }), Second),
        "StoppingPlan" => Busy(Stopping(A.Task(status: s => s with { Inputs = A.Inputs(), Attempts = 1, Slot = Slot(), Attempt = Started(1, AttemptKind.Plan) })), First),
        "StoppingApply" => Busy(Stopping(With(A.Applying(), s => s with { Attempt = Started(2, AttemptKind.Apply) })), Second),
        "SuspendedUnstored" => Held(A.Reserved(stored: false, spec: s => s with { DesiredState = DesiredState.Suspended }, status: s => s with { Reason = Reasons.Suspended, Conditions = [IsSuspended] })),
        "SuspendedPending" => A.Seen(A.Task(s => s with { DesiredState = DesiredState.Suspended }, s => s with { Reason = Reasons.Suspended, Conditions = [IsSuspended] })),
        "Lost" => Busy(With(A.Applying(), s => s with { Phase = TaskPhase.ApplyLost, Reason = Reasons.ApplyLost, Attempt = Started(2, AttemptKind.Apply), Loss = new LossStatus { Attempt = Second, Since = A.T0, Cause = "the agent was silent" } }), Second),
        "Pending" => A.Seen(A.Task(), s => s with { Wait = new WaitCause(Reasons.WaitingForWorkspace, "workspace net is held by task u (Applying)") }),
        "Planning" => Busy(A.Task(status: s => s with { Phase = TaskPhase.Planning, Reason = Reasons.Planning, Inputs = A.Inputs(), Attempts = 1, Slot = Slot(), Attempt = Started(1, AttemptKind.Plan) }), First),
        "Unapproved" => Held(A.Reserved()),
        "Approved" => Held(Approved()) with { GrantStillThere = true, Inputs = new InputsFacts(null, new Fault(Reasons.InputMissing, "ConfigMap ns/x does not exist; create it")) },
        "Applying" => Busy(With(A.Applying(), s => s with { Attempt = Started(2, AttemptKind.Apply) }), Second),
        "Run" => Busy(Running(), First),
        "Stopping" => Busy(Stopping(Running()), First),
        _ => A.Seen(A.Reserved(spec: s => s with { DesiredState = DesiredState.Suspended }, status: s => s with { Slot = null, Reason = Reasons.Suspended, Conditions = [IsSuspended] }), s => s with { Pod = A.Pod(), Agent = A.Agent() }),
    };

    /// <summary>What became of it, in one word; the words are explained in docs/recovery.md.</summary>
    public static string Became(TaskResource before, TaskDecision after)
    {
        var (was, now) = (before.Status, after.Status);
        return now switch
        {
            { Phase: TaskPhase.Pending, Attempts: 0 } => "waits",
            { Phase: TaskPhase.Pending, Resets: 1, Slot: null, Plan: null } => "replans",
            { Phase: TaskPhase.ApplyPending, Slot: null, Resets: 0 } when was.Slot is not null && after.WantsSlot && now.Plan == was.Plan => "moves",
            { Phase: TaskPhase.ApplyPending } when now.Slot == was.Slot && now.Attempt == was.Attempt && now.Plan == was.Plan => "kept",
            { Phase: TaskPhase.ApplyLost, Loss.Fenced: true, Slot: null } => "held",
            { Phase: TaskPhase.ApplyLost, Loss.Fenced: false, Slot: not null } => "lost",
            { Phase: TaskPhase.Stopping, Loss: null } => "stopping",
            { Phase: TaskPhase.Stopping, Loss.Fenced: false, Slot: not null } => "stop?",
            { Phase: TaskPhase.Stopped, Slot: null } => "stopped",
            _ when now.Phase == was.Phase && now.Attempt!.Id == was.Attempt!.Id && now.Slot == was.Slot => "goes",
            _ => $"{was.Phase} became {now.Phase}, {now.Reason}: {now.Message}",
        };
    }

    private static Condition IsSuspended => new() { Type = "Suspended", Status = ConditionStatus.True, Reason = Reasons.Suspended };

    private static TaskResource Stopping(TaskResource task) => With(task, s => s with { Phase = TaskPhase.Stopping, Reason = Reasons.Stopping, StopRequestedAt = A.T0, StopRequestedBy = "spec.desiredState" });

    private static TaskResource Approved()
    {
        var task = A.Reserved();
        return With(task, s => s with { Grant = A.Grant(task), Reason = Reasons.InputMissing });
    }

    private static TaskResource Running() => A.Task(
        s => s with { Type = TaskType.Run, Plan = null, Apply = null, Run = new RunStep { Command = ["run"] } },
        s => s with { Phase = TaskPhase.Running, Reason = Reasons.Running, Inputs = A.Inputs(), Attempts = 1, Slot = Slot(), Attempt = Started(1, AttemptKind.Run) });

    private static TaskResource With(TaskResource task, Func<Api.TaskStatus, Api.TaskStatus> change) => task with { Status = change(task.Status) };

    private static AttemptStatus Started(int number, AttemptKind kind) => A.Attempt(number, kind) with { StartedAt = A.T0 };

    private static SlotStatus Slot() => new() { Name = "pod-a/0", Pod = "pod-a", PodUid = "uid-pod-a", Index = 0, Node = "node-1", Since = A.T0, Warm = true };

    private static TaskObserved Busy(TaskResource task, string attempt) => A.Seen(task, s => s with
    {
        Pod = A.Pod(),
        Agent = A.Agent(A.Running(attempt)) with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 3, attempt, null, A.Uid) } },
    });

    private static TaskObserved Held(TaskResource task) => A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.AgentWith(First) });
}
