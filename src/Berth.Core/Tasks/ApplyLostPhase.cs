using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>An apply or run whose pod was lost: first proof that it is dead, then a decision what became of it.</summary>
internal static class ApplyLostPhase
{
    public static void Decide(TaskDraft draft)
    {
        // A late result is always believed, after a proof of death too: it comes from the journal of the agent that ran it.
        if (Attempts.Known(draft)?.End is { Kind: not EndKind.RunnerLost } end) { WorkPhase.Ended(draft, end); return; }
        if (draft.Status.Loss is { Fenced: false } && !Fenced(draft)) { Explain(draft); return; }
        Attempts.AcknowledgeAgain(draft);
        if (Resolved(draft)) return;
        if (draft.Spec.Recovery.OnApplyLost == OnApplyLost.Replan)
            Recovery.Reset(draft, TaskSignal.Replan, "the lost attempt is proved dead and the task asks to be planned again", keepGrant: false);
        else Explain(draft);
    }

    /// <summary>Looks for a proof of death and notes it. True once there is one.</summary>
    public static bool Fenced(TaskDraft draft)
    {
        if (draft.Status.Loss is { Fenced: true }) return true;
        var proof = Fence.Prove(draft.Status.Attempt!, draft.Seen.Pod, draft.Seen.Agent);
        var confirmed = proof is null ? Approve.First(draft, ApprovalDecision.ConfirmDead) : null;
        if (proof is null && confirmed is null) return false;
        if (confirmed is not null) Approve.Resolve(draft, confirmed);
        Attempts.CloseAs(draft, "Lost", proof ?? "ConfirmDead");
        if (Attempts.Known(draft)?.End is { }) Attempts.AcknowledgeAgain(draft);
        draft.Status = draft.Status with { Loss = draft.Status.Loss! with { Fenced = true } };
        draft.Move(TaskSignal.Fenced, confirmed is null ? $"proved dead: {proof}" : $"confirmed dead by {confirmed.Spec.Approver}", actor: confirmed?.Spec.Approver);
        Recovery.ReleaseAll(draft);
        return true;
    }

    private static bool Resolved(TaskDraft draft)
    {
        if (Approve.First(draft, ApprovalDecision.MarkSucceeded, ApprovalDecision.MarkFailed, ApprovalDecision.Replan) is not { } approval) return false;
        Approve.Resolve(draft, approval);
        var by = approval.Spec.Approver;
        if (approval.Spec.Decision == ApprovalDecision.Replan)
        {
            Recovery.BackToPending(draft, TaskSignal.Replan, $"{by} asked for a new plan", keepGrant: false, TimeSpan.Zero, by);
            return true;
        }
        var good = approval.Spec.Decision == ApprovalDecision.MarkSucceeded;
        draft.Move(good ? TaskSignal.MarkedSucceeded : TaskSignal.MarkedFailed, $"{by} says that the lost attempt {(good ? "did its work" : "failed")}{(approval.Spec.Comment is { Length: > 0 } c ? $": {c}" : "")}", actor: by);
        Lifecycle.Terminal(draft);
        return true;
    }

    private static void Explain(TaskDraft draft)
    {
        var (name, ns, loss) = (draft.Task.Metadata.Name, draft.Task.Metadata.Namespace, draft.Status.Loss!);
        if (loss.Fenced)
            draft.Wait(Reasons.ApplyOutcomeUnknown, $"{loss.Cause}; attempt {loss.Attempt} is dead ({draft.Status.Attempt?.FencedBy}), but how far it got is not known. Look at the real state, then: berth resolve {name} -n {ns} replan | succeeded | failed");
        else
            draft.Wait(Reasons.ApplyLost, $"{loss.Cause}; attempt {loss.Attempt} may still be running, so nothing else runs for workspace {draft.Spec.Workspace}. Waiting for the agent, the kubelet or the node to prove it dead. If you have made sure yourself: berth resolve {name} -n {ns} confirm-dead");
    }
}
