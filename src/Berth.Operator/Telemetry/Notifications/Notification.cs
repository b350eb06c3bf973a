using Berth.Api;
using Berth.Core.Tasks;

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
        ["failed"] = NotificationSeverity.Warning,
        ["expired"] = NotificationSeverity.Warning,
        ["reservation-lost"] = NotificationSeverity.Info,
        ["reset"] = NotificationSeverity.Info,
        ["rejected"] = NotificationSeverity.Info,
        ["succeeded"] = NotificationSeverity.Info,
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
