using Berth.Api;
using Berth.Core.Tasks;
using Berth.Core.Watching;

namespace Berth.Operator.Telemetry.Notifications;

/// <summary>Kinds of events that people can be told of, with what each matters.</summary>
internal static class NotificationKinds
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyDictionary<string, NotificationSeverity> All { get; } = new Dictionary<string, NotificationSeverity>(StringComparer.Ordinal)
    {
        ["approval-required"] = NotificationSeverity.Warning,
        ["apply-lost"] = NotificationSeverity.Critical,
        ["dead-lettered"] = NotificationSeverity.Critical,
        ["needs-attention"] = NotificationSeverity.Warning,
        ["pool-not-ready"] = NotificationSeverity.Warning,
        ["approval-expiring"] = NotificationSeverity.Warning,
        ["failed"] = NotificationSeverity.Warning,
        ["expired"] = NotificationSeverity.Warning,
        ["reservation-lost"] = NotificationSeverity.Info,
        ["reset"] = NotificationSeverity.Info,
        ["rejected"] = NotificationSeverity.Info,
        ["succeeded"] = NotificationSeverity.Info,
    };

    /// <summary>The kind of an escalation.</summary>
    public static string Of(EscalationKind kind) => kind switch
    {
        EscalationKind.ApplyLost => "apply-lost",
        EscalationKind.DeadLettered => "dead-lettered",
        EscalationKind.PoolNotReady => "pool-not-ready",
        EscalationKind.ApprovalExpiring => "approval-expiring",
        _ => "needs-attention",
    };

    /// <summary>The kind of a move; null where nobody is told.</summary>
    public static string? Of(TaskTransition row) => row switch
    {
        { Signal: TaskSignal.PlanSucceeded } => "approval-required",
        { Signal: TaskSignal.WorkLost } => "apply-lost",
        { Signal: TaskSignal.ReservationLost } => "reservation-lost",
        { Signal: TaskSignal.ReservationReset or TaskSignal.PlanLost } => "reset",
        { To: TaskPhase.DeadLettered } => "dead-lettered",
        { To: TaskPhase.Failed } => "failed",
        { To: TaskPhase.Expired } => "expired",
        { To: TaskPhase.Rejected } => "rejected",
        { To: TaskPhase.Succeeded } => "succeeded",
        _ => null,
    };
}

/// <summary>Something people may be told of. Its id is the same whichever leader tells it, so that receivers can drop repetitions.</summary>
internal sealed record Notification(string Id, string Kind, NotificationSeverity Severity, DateTimeOffset At, string Namespace, string Task, string Uid, string Pool, string Workspace, string Phase, string Reason, string Message)
{
    /// <summary>How much has to happen before it goes on, 1 to 4.</summary>
    public EscalationLevel Level => EscalationLevels.Of(Reason);

    /// <summary>One telling of what a task escalates: 0 is the first, then the repetitions.</summary>
    public static Notification Of(TaskResource task, Escalation escalation, int n, string message, DateTimeOffset now)
    {
        var kind = NotificationKinds.Of(escalation.Kind);
        return new($"{task.Metadata.Uid}-{kind}-{escalation.Since.ToUnixTimeSeconds()}-{n}", kind, NotificationKinds.All[kind], now, task.Metadata.Namespace ?? "", task.Metadata.Name, task.Metadata.Uid,
            task.Spec.PoolRef.Name, task.Spec.Workspace, task.Status.Phase.ToString(), escalation.Reason, message);
    }

    /// <summary>One telling of what a pool escalates.</summary>
    public static Notification Of(AgentPoolResource pool, Escalation escalation, int n, string message, DateTimeOffset now)
    {
        var kind = NotificationKinds.Of(escalation.Kind);
        return new($"{pool.Metadata.Uid}-{kind}-{escalation.Since.ToUnixTimeSeconds()}-{n}", kind, NotificationKinds.All[kind], now, pool.Metadata.Namespace ?? "", "", pool.Metadata.Uid, pool.Metadata.Name, "", "NotReady", escalation.Reason, message);
    }

    /// <summary>What is to be told of a decision that was written.</summary>
    public static IEnumerable<Notification> Of(TaskResource task, TaskDecision decision, DateTimeOffset now)
    {
        var last = task.Status.History.Seq - decision.Transitions.Count;
        foreach (var transition in decision.Transitions)
        {
            last++;
            if (NotificationKinds.Of(transition.Row) is not { } kind) continue;
            // Nobody has to approve what is approved in the same step.
            if (kind == "approval-required" && task.Status.Phase != TaskPhase.ApplyPending) continue;
            if (kind == "approval-required" && task.Status.Grant is not null) continue;
            yield return new Notification($"{task.Metadata.Uid}-{last}", kind, NotificationKinds.All[kind], now, task.Metadata.Namespace ?? "", task.Metadata.Name, task.Metadata.Uid,
                task.Spec.PoolRef.Name, task.Spec.Workspace, transition.Row.To.ToString(), transition.Reason, transition.Message);
        }
    }
}
