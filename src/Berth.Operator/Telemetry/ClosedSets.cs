using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.History;

namespace Berth.Operator.Telemetry;

/// <summary>The values that labels can have. Their series exist from the start, with zero, so that no first event is missed by a rate.</summary>
internal static class ClosedSets
{
    /// <summary>Stages in which tasks wait.</summary>
    public static readonly TaskPhase[] Stages = [TaskPhase.Pending, TaskPhase.ApplyPending, TaskPhase.ApplyLost, TaskPhase.Stopping];

    /// <summary>Reasons to wait, by stage.</summary>
    public static readonly (TaskPhase Stage, string Reason)[] Waits =
    [
        .. Of(TaskPhase.Pending, Reasons.WaitingForSlot, Reasons.WaitingForWorkspace, Reasons.PoolNotFound, Reasons.PoolNotReady, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden, Reasons.BackingOff, Reasons.Suspended, Reasons.HistoryBacklog, Other),
        .. Of(TaskPhase.ApplyPending, Reasons.AwaitingApproval, Reasons.ApprovalPolicyMissing, Reasons.WaitingForSlot, Reasons.SlotLost, Reasons.HoldExpired, Reasons.Displaced, Reasons.Restoring, Reasons.Approved, Reasons.BackingOff, Reasons.Suspended, Reasons.HistoryBacklog, Other),
        .. Of(TaskPhase.ApplyLost, Reasons.ApplyLost, Reasons.ApplyOutcomeUnknown, Other),
        .. Of(TaskPhase.Stopping, Reasons.Stopping, Other),
    ];

    /// <summary>Reasons of the condition Stalled.</summary>
    public static readonly string[] Stalls =
    [
        Reasons.PoolNotFound, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden, Reasons.ApprovalPolicyMissing,
        Reasons.OutputSilent, Reasons.ApplyLost, Reasons.ApplyOutcomeUnknown, Reasons.RetriesExhausted, Reasons.ResetsExhausted, Other,
    ];

    /// <summary>Verdicts on Approvals.</summary>
    public static readonly string[] Verdicts =
        [Reasons.Accepted, Reasons.Superseded, Reasons.WrongDigest, Reasons.WrongRun, Reasons.TooLate, Reasons.NotWaiting, Reasons.Conflict, Reasons.NotAllowed];

    /// <summary>How attempts end.</summary>
    public static readonly string[] Outcomes = [.. Enum.GetNames<EndKind>(), "Lost", "Refused", "ConfirmDead"];

    /// <summary>Signals that send a task back to planning.</summary>
    public static readonly TaskSignal[] Resets = [TaskSignal.PlanLost, TaskSignal.ReservationReset, TaskSignal.InputsChanged, TaskSignal.NothingChanged, TaskSignal.Replan];

    /// <summary>How a task goes on without its reservation.</summary>
    public static readonly string[] Recoveries = ["re-reserve", "reset", "dead-letter"];

    /// <summary>Why tasks are given up.</summary>
    public static readonly TaskSignal[] GivingUp = [TaskSignal.RetriesExhausted, TaskSignal.ResetsExhausted];

    /// <summary>Background loops.</summary>
    public static readonly string[] Loops = ["migration", "history", "history-probe", "history-keys", "history-spill", "history-upkeep", "history-catch-up", "audit", "audit-spill", "plans", "logs", "approval-policy", "events", "certificate", "dispatcher", "placement", "sweep", "storage", "notifications", "pool-care", "mounts", "namespace-storage", "escalation", "view-registration", "view-certificate"];

    /// <summary>Why writes to the database fail.</summary>
    public static readonly string[] HistoryCauses = Enum.GetNames<HistoryUnavailableReason>();

    /// <summary>What becomes of notifications.</summary>
    public static readonly string[] Deliveries = ["acknowledged", "failed", "dropped"];

    /// <summary>States of slots.</summary>
    public static readonly string[] SlotStates = ["running", "reserved", "idle", "unavailable"];

    /// <summary>The value for what is in no set: a new reason must not make a new series unseen.</summary>
    public const string Other = "Other";

    /// <summary>The reason, if its stage knows it.</summary>
    public static string WaitReason(TaskPhase stage, string? reason) => Array.Exists(Waits, w => w.Stage == stage && w.Reason == reason) ? reason! : Other;

    /// <summary>The reason, if the set has it.</summary>
    public static string In(string[] set, string reason) => Array.IndexOf(set, reason) >= 0 ? reason : Other;

    private static IEnumerable<(TaskPhase, string)> Of(TaskPhase stage, params string[] reasons) => reasons.Select(r => (stage, r));
}
