using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;

namespace Berth.Operator.Tasks;

/// <summary>Tells people and machines what was decided: one structured log line and one Event a transition, and the metrics.</summary>
internal sealed class TaskReporter(OperatorEvents events, TaskTelemetry telemetry, Notifier notifier, LossMeter losses, ILogger<TaskReporter> log)
{
    private static readonly string[] NeedAPerson = [Reasons.PoolNotFound, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden, Reasons.ApprovalPolicyMissing, Reasons.OutputSilent, Reasons.ApplyLost, Reasons.ApplyOutcomeUnknown];

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(string uid) => telemetry.Forget(uid);

    /// <summary>Reports a decision that was written.</summary>
    public void Decided(TaskResource before, TaskResource after, TaskDecision decision)
    {
        using var trace = TaskTelemetry.Correlate(after);
        telemetry.Decided(before, after, decision);
        notifier.Decided(after, decision);
        foreach (var transition in decision.Transitions)
        {
            log.LogInformation(
                "Task {Namespace}/{Task} {From} → {To}: {Signal}, {Reason}: {Message} (uid {Uid}, run {Run}, attempt {Attempt}, slot {Slot})",
                after.Metadata.Namespace, after.Metadata.Name, transition.Row.From, transition.Row.To, transition.Row.Signal, transition.Reason, transition.Message,
                after.Metadata.Uid, after.Status.Run, after.Status.Attempt?.Id, after.Status.Slot?.Name);
            events.TaskMoved(after, transition);
            if (transition.Row.Signal is TaskSignal.PlanLost or TaskSignal.ReservationLost or TaskSignal.ReservationReset or TaskSignal.WorkLost && before.Status.Attempt?.PodUid is { Length: > 0 } pod) losses.Note(pod);
        }
        foreach (var notice in decision.Notices)
        {
            log.LogWarning("Task {Namespace}/{Task}: {Reason}: {Message}", after.Metadata.Namespace, after.Metadata.Name, notice.Reason, notice.Message);
            events.TaskWaits(after, notice.Reason, notice.Message);
        }
        if (decision.Transitions.Count > 0 || before.Status.Reason == after.Status.Reason || after.Status.Reason is not { } reason) return;
        log.LogInformation("Task {Namespace}/{Task} waits: {Reason}: {Message}", after.Metadata.Namespace, after.Metadata.Name, reason, after.Status.Message);
        if (NeedAPerson.Contains(reason)) events.TaskWaits(after, reason, after.Status.Message ?? "");
    }
}
