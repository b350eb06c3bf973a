using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Approvals;

/// <summary>Judges Approvals against a task: at most one is accepted in a pass, the rest get their verdict or wait for the next.</summary>
public static class ApprovalJudge
{
    /// <summary>The open Approvals of this task, safest first: of decisions made in the same second a Reject wins.</summary>
    public static IEnumerable<ApprovalResource> Open(TaskObserved seen) =>
        seen.Approvals.Where(a => !a.HasVerdict() && a.Metadata.DeletionTimestamp is null)
            .OrderBy(a => a.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue)
            .ThenBy(a => a.Spec.Decision == ApprovalDecision.Approve ? 1 : 0)
            .ThenBy(a => a.Metadata.Uid, StringComparer.Ordinal);

    /// <summary>Why this Approval cannot be accepted now; null if it can. <paramref name="final"/> is false where only the proof is outstanding.</summary>
    public static ApprovalVerdict? Refuse(ApprovalResource approval, TaskObserved seen, out bool final)
    {
        final = true;
        var refusal = WrongTask(approval, seen) ?? NotDecidable(approval, seen) ?? WrongPlan(approval, seen) ?? Forbidden(approval, seen, out final);
        return refusal is var (reason, message) ? new(approval.Metadata.Name, approval.Metadata.Uid, false, reason, message) : null;
    }

    /// <summary>The positive verdict.</summary>
    /// <param name="approval">The Approval.</param>
    /// <param name="suspended">Whether the task is held still, so that an approval leads to nothing before it is resumed.</param>
    public static ApprovalVerdict Accept(ApprovalResource approval, bool suspended = false) =>
        new(approval.Metadata.Name, approval.Metadata.Uid, true, Reasons.Accepted, $"{approval.Spec.Decision} by {approval.Spec.Approver} accepted{(suspended && approval.Spec.Decision == ApprovalDecision.Approve ? "; the task is suspended: apply begins once its spec.desiredState is Running again" : "")}");

    private static Refusal? WrongTask(ApprovalResource approval, TaskObserved seen)
    {
        var task = seen.Task;
        if (approval.Spec.TaskRef.Uid != task.Metadata.Uid)
            return new(Reasons.WrongRun, $"uid {approval.Spec.TaskRef.Uid} is not that of task {task.Metadata.Name}, which is {task.Metadata.Uid}; another task, perhaps an older one of this name, was meant");
        if (approval.Spec.Run != task.Status.Run)
            return new(Reasons.WrongRun, $"run {approval.Spec.Run} was meant, but the task is in run {task.Status.Run}; look at its plan and decide again");
        return approval.Spec.Workspace != task.Spec.Workspace
            ? new(Reasons.NotAllowed, $"spec.workspace is {approval.Spec.Workspace}, but the task's is {task.Spec.Workspace}; name the task's workspace")
            : null;
    }

    private static Refusal? NotDecidable(ApprovalResource approval, TaskObserved seen)
    {
        var (status, phase) = (seen.Task.Status, seen.Task.Status.Phase);
        if (approval.Spec.Decision is ApprovalDecision.Approve or ApprovalDecision.Reject)
        {
            if (phase is TaskPhase.Applying or TaskPhase.ApplyLost or TaskPhase.Stopping || phase.IsTerminal()) return new(Reasons.TooLate, $"the task is {phase}; there is nothing left to decide");
            if (phase != TaskPhase.ApplyPending) return new(Reasons.NotWaiting, $"the task is {phase}; wait for its plan, then decide by the new digest");
            return status.Grant is { SpentBy: null } grant && status.Grant.ApprovalUid != approval.Metadata.Uid && approval.Spec.Decision == ApprovalDecision.Approve
                ? new(Reasons.Conflict, $"already approved by {grant.Approver ?? "policy"} ({grant.Approval ?? "Auto"})")
                : null;
        }
        if (phase.IsTerminal()) return new(Reasons.TooLate, $"the task is {phase}");
        var stopping = phase == TaskPhase.Stopping && approval.Spec.Decision == ApprovalDecision.ConfirmDead;
        if (phase != TaskPhase.ApplyLost && !stopping) return new(Reasons.NotWaiting, $"the task is {phase}; only a lost attempt can be resolved");
        if (status.Attempt?.Id != approval.Spec.Attempt) return new(Reasons.WrongRun, $"attempt {approval.Spec.Attempt} was meant, but {status.Attempt?.Id} is the lost one");
        if (approval.Spec.Decision == ApprovalDecision.ConfirmDead) return status.Loss is { Fenced: true } ? new(Reasons.TooLate, "the attempt is proved dead already") : null;
        return status.Loss is { Fenced: true }
            ? null
            : new(Reasons.NotWaiting, "the attempt is not proved dead: make sure that nothing of it runs and create an Approval with decision ConfirmDead first, then decide again");
    }

    private static Refusal? WrongPlan(ApprovalResource approval, TaskObserved seen)
    {
        if (approval.Spec.Decision is not (ApprovalDecision.Approve or ApprovalDecision.Reject)) return null;
        var plan = seen.Task.Status.Plan;
        if (plan is null) return new(Reasons.NotWaiting, "there is no plan");
        if (approval.Spec.Digest == plan.Digest) return null;
        // Creation times are whole seconds, rounded down: only one that ended before the plan was made can have meant an older one.
        return approval.Metadata.CreationTimestamp?.AddSeconds(1) <= plan.At
            ? new(Reasons.Superseded, $"a newer plan was made at {plan.At:u}; its digest is {plan.Digest}; look at it and decide again")
            : new(Reasons.WrongDigest, $"the plan's digest is {plan.Digest}; look at the plan and decide by that digest");
    }

    private static Refusal? Forbidden(ApprovalResource approval, TaskObserved seen, out bool final)
    {
        final = true;
        var task = seen.Task;
        var distinct = (task.Spec.Approval?.DistinctApprover ?? false) || (seen.Pool?.Spec.Policy.DistinctApprover ?? false);
        if (distinct && string.IsNullOrEmpty(task.Spec.RequestedBy)) return new(Reasons.NotAllowed, "approver and requester must differ, but the task does not say who asked for it; create it with spec.requestedBy");
        if (distinct && task.Spec.RequestedBy == approval.Spec.Approver) return new(Reasons.NotAllowed, $"{approval.Spec.Approver} asked for this task; somebody else has to decide");
        if (!seen.Proof.Proven)
        {
            final = false;
            return new(Reasons.ApprovalPolicyMissing, $"it is not proved that the cluster checks who approves: {seen.Proof.Detail}");
        }
        return approval.Metadata.CreationTimestamp is { } created && created.AddSeconds(1) < seen.Proof.Since
            ? new(Reasons.NotAllowed, $"created before {seen.Proof.Since:u}, when it was first proved that the cluster checks who approves; decide again")
            : null;
    }

    private sealed record Refusal(string Reason, string Message);
}
