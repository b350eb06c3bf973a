using Berth.Api;
using Berth.Core.Approvals;

namespace Berth.Core.Tasks;

/// <summary>Approvals become grants here, and nowhere else.</summary>
internal static class Approve
{
    /// <summary>Takes in decisions, expiry and withdrawal. True if the task left ApplyPending.</summary>
    public static bool Settle(TaskDraft draft)
    {
        if (Withdrawn(draft) is { } why)
        {
            var grant = draft.Status.Grant!;
            draft.Status = draft.Status with { Grant = null };
            draft.Move(TaskSignal.ApprovalRevoked, $"{why}; {Waiting(draft)}", actor: grant.Approver);
        }
        if (TakeOne(draft)) return true;
        if (draft.Status.Grant is not null) { draft.WakeAt(draft.Status.Grant.ValidUntil); return false; }
        if (draft.Spec.Approval?.Mode == ApprovalMode.Auto && draft.Seen.Pool?.Spec.Policy.Approval == ApprovalMode.Auto) { GrantAuto(draft); return false; }
        var expires = Expires(draft);
        if (draft.Seen.Now < expires) { draft.WakeAt(expires); return false; }
        draft.Move(TaskSignal.ApprovalTimedOut, $"nobody approved until {expires:u}; raise spec.requeue by one to plan again");
        Recovery.ReleaseAll(draft);
        Lifecycle.Terminal(draft);
        return true;
    }

    /// <summary>An earlier grant covers a new plan only if both say the same, the task allows it, and no apply has been started with it.</summary>
    public static GrantStatus? CarryOver(TaskDraft draft, PlanStatus plan)
    {
        if (draft.Status.Grant is not { SpentBy: null, Basis: not GrantBasis.Auto } grant) return null;
        var same = grant.SemanticDigest is { Length: > 0 } then && then == plan.SemanticDigest;
        if (!same || draft.Spec.Approval?.Reapproval == Reapproval.Always || draft.Seen.Now >= grant.ValidUntil) return null;
        return grant with { RunDigest = plan.Digest, Basis = GrantBasis.Semantic };
    }

    /// <summary>What an approver reads: the change, until when, and what to type.</summary>
    public static string Waiting(TaskDraft draft)
    {
        var plan = draft.Status.Plan!;
        var (name, ns) = (draft.Task.Metadata.Name, draft.Task.Metadata.Namespace);
        if (draft.Status.Grant is not null) return $"{plan.Summary}, approved by {draft.Status.Grant.Approver ?? "policy"}";
        if (draft.Spec.Approval?.Mode == ApprovalMode.Auto) return $"{plan.Summary}; approves itself";
        return draft.Seen.Proof.Proven
            ? $"{plan.Summary}, expires {Expires(draft):u}: look at it with 'berth plan {name} -n {ns}', then 'berth approve {name} -n {ns}' or 'berth reject {name} -n {ns}'"
            : $"{plan.Summary}, but no approval is honoured: {draft.Seen.Proof.Detail}";
    }

    /// <summary>What a suspended task waits for, and what an approval given meanwhile leads to.</summary>
    public static string Held(TaskDraft draft) => draft.Status.Grant is { } grant
        ? $"held still on request; {draft.Status.Plan!.Summary} is approved by {grant.Approver ?? "policy"}{(grant.ValidUntil is { } until ? $" until {until:u}" : "")}: apply begins once spec.desiredState is Running again"
        : $"held still on request; set spec.desiredState to Running to go on. {Waiting(draft)}";

    /// <summary>Verdicts for Approvals that no phase took: too late, not waiting, or the echo of one that was accepted.</summary>
    public static void JudgeLeftovers(TaskDraft draft)
    {
        var after = draft.Seen with { Task = draft.Task with { Status = draft.Status } };
        foreach (var approval in ApprovalJudge.Open(after))
        {
            if (WasAccepted(draft.Status, approval)) draft.Judge(ApprovalJudge.Accept(approval, draft.Spec.DesiredState == DesiredState.Suspended));
            else if (ApprovalJudge.Refuse(approval, after, out var final) is { } verdict && final) draft.Judge(verdict);
        }
    }

    /// <summary>Records a decision on a lost attempt.</summary>
    public static void Resolve(TaskDraft draft, ApprovalResource approval) => draft.Status = draft.Status with
    {
        Resolution = new ResolutionStatus { Approval = approval.Metadata.Name, ApprovalUid = approval.Metadata.Uid, Approver = approval.Spec.Approver, Decision = approval.Spec.Decision, At = draft.Seen.Now },
    };

    /// <summary>The first Approval with one of these decisions that may be accepted now.</summary>
    public static ApprovalResource? First(TaskDraft draft, params ReadOnlySpan<ApprovalDecision> decisions)
    {
        var now = draft.Seen with { Task = draft.Task with { Status = draft.Status } };
        foreach (var approval in ApprovalJudge.Open(now))
            if (decisions.Contains(approval.Spec.Decision) && ApprovalJudge.Refuse(approval, now, out _) is null) return approval;
        return null;
    }

    private static bool WasAccepted(TaskStatus status, ApprovalResource approval) =>
        status.Grant?.ApprovalUid == approval.Metadata.Uid || status.Resolution?.ApprovalUid == approval.Metadata.Uid;

    private static string? Withdrawn(TaskDraft draft)
    {
        if (draft.Status.Grant is not { SpentBy: null } grant) return draft.Status.Grant is { SpentBy: not null } ? "the approval was spent by an earlier apply" : null;
        if (grant.RunDigest != draft.Status.Plan!.Digest) return "the approval was for another plan";
        if (grant.ValidUntil is { } until && draft.Seen.Now >= until) return $"the approval by {grant.Approver} was valid until {until:u}";
        if (grant.Basis == GrantBasis.Auto) return draft.Seen.Pool?.Spec.Policy.Approval == ApprovalMode.Auto ? null : "the pool no longer allows tasks to approve themselves";
        return draft.Seen.GrantStillThere == false ? $"Approval {grant.Approval} was deleted before it was used" : null;
    }

    private static bool TakeOne(TaskDraft draft)
    {
        if (First(draft, ApprovalDecision.Approve, ApprovalDecision.Reject) is not { } approval) return false;
        if (approval.Spec.Decision == ApprovalDecision.Reject)
        {
            Resolve(draft, approval);
            draft.Status = draft.Status with { Grant = null };
            draft.Move(TaskSignal.Rejected, $"rejected by {approval.Spec.Approver}{(approval.Spec.Comment is { Length: > 0 } c ? $": {c}" : "")}", actor: approval.Spec.Approver);
            Recovery.ReleaseAll(draft);
            Lifecycle.Terminal(draft);
            return true;
        }
        var plan = draft.Status.Plan!;
        draft.Status = draft.Status with
        {
            Grant = new GrantStatus
            {
                Approval = approval.Metadata.Name,
                ApprovalUid = approval.Metadata.Uid,
                Approver = approval.Spec.Approver,
                ApprovedDigest = plan.Digest,
                RunDigest = plan.Digest,
                SemanticDigest = plan.SemanticDigest,
                Basis = GrantBasis.Exact,
                At = draft.Seen.Now,
                ValidUntil = draft.Seen.Now + Durations.Or(draft.Spec.Approval?.ValidFor, TimeSpan.FromHours(24)),
            },
        };
        draft.Move(TaskSignal.Approved, $"approved by {approval.Spec.Approver}{(approval.Spec.Comment is { Length: > 0 } words ? $": {words}" : "")}{(draft.Spec.DesiredState == DesiredState.Suspended ? "; the task is suspended, apply begins once it is resumed" : "")}", actor: approval.Spec.Approver);
        return false;
    }

    private static void GrantAuto(TaskDraft draft)
    {
        var plan = draft.Status.Plan!;
        draft.Status = draft.Status with { Grant = new GrantStatus { ApprovedDigest = plan.Digest, RunDigest = plan.Digest, Basis = GrantBasis.Auto, At = draft.Seen.Now } };
        draft.Move(TaskSignal.Approved, "the task asks for no approval and its pool allows that");
    }

    private static DateTimeOffset Expires(TaskDraft draft) => draft.Status.Plan!.At + Durations.Or(draft.Spec.Approval?.Timeout, TimeSpan.FromHours(168));
}
