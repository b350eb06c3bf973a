using System.Globalization;
using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>The plan attempt is out. It changes nothing, so a lost one is simply made again elsewhere.</summary>
internal static class PlanningPhase
{
    private static readonly TimeSpan StoreWait = TimeSpan.FromMilliseconds(500);

    public static void Decide(TaskDraft draft)
    {
        var known = Attempts.Known(draft);
        if (known?.Refused is { } refusal) { Refused(draft, refusal); return; }
        if (Attempts.Ended(draft) is { } end) { Ended(draft, end); return; }
        if (Attempts.LossOf(draft) is { } cause)
        {
            Attempts.CloseAs(draft, "Lost");
            Recovery.Reset(draft, TaskSignal.PlanLost, $"{cause} while planning", keepGrant: true);
            return;
        }
        if (Attempts.MakesWay(draft)) return;
        Attempts.Deliver(draft);
        Silence.Watch(draft, known);
    }

    private static void Refused(TaskDraft draft, Refusal refusal)
    {
        Attempts.CloseAs(draft, "Refused");
        Recovery.BackToPending(draft, TaskSignal.AttemptRefused, $"slot {draft.SlotName} refused the attempt: {refusal.Reason}: {refusal.Message}", keepGrant: true, Attempts.ShortPause(draft));
    }

    private static void Ended(TaskDraft draft, AttemptEnd end)
    {
        if (end.Kind == EndKind.RunnerLost)
        {
            Attempts.Close(draft, end);
            Recovery.Reset(draft, TaskSignal.PlanLost, $"the container of slot {draft.SlotName} was restarted while planning", keepGrant: true);
            return;
        }
        if (Attempts.NeverBegan(draft, end))
        {
            Attempts.Close(draft, end);
            Recovery.BackToPending(draft, TaskSignal.AttemptRefused, $"nothing was planned: {Attempts.Describe(end)}", keepGrant: true, Attempts.ShortPause(draft));
            return;
        }
        if (end.Kind == EndKind.Succeeded && draft.Spec.Type == TaskType.PlanAndApply && StoredInAMoment(draft, end)) return;
        var noChanges = end.ExitCode is { } code && draft.Spec.Plan?.ExitCodes?.NoChanges?.Contains(code) == true;
        Attempts.Close(draft, end);
        if (end.Kind != EndKind.Succeeded) Failed(draft, end);
        else if (end.Plan is not { } made) Failed(draft, end with { Kind = EndKind.DescribeFailed, Message = "the agent reported success without a plan" });
        else if (draft.Spec.Type == TaskType.Plan) Finish(draft, Planned(draft, made, noChanges), TaskSignal.PlanOnlySucceeded);
        else if (noChanges) Finish(draft, Planned(draft, made, noChanges), TaskSignal.PlanNoChanges);
        else AwaitApproval(draft, Planned(draft, made, noChanges));
    }

    /// <summary>
    /// The agent uploads the plan while it reports it. Where the database takes it in a moment, one write tells both; where it does not, the
    /// plan is shown as it is.
    /// </summary>
    private static bool StoredInAMoment(TaskDraft draft, AttemptEnd end)
    {
        if (draft.Seen.PlanStored == true || end.Plan is not { } made || !PlanUploads.AreNeeded(made) || Attempts.Known(draft)?.EndKnownAt is not { } since || draft.Seen.Now >= since + StoreWait) return false;
        draft.Do(new TaskAction.CheckPlanStored(draft.Status.Attempt!.PodUid, draft.Status.Attempt.Id, made));
        draft.WakeAt(since + StoreWait);
        return true;
    }

    private static void Failed(TaskDraft draft, AttemptEnd end)
    {
        Recovery.Failed(draft, end, end.Kind switch
        {
            EndKind.PrepareFailed => "prepare failed",
            EndKind.TimedOut => "plan ran past its timeout",
            EndKind.CannotStart => "plan cannot be started",
            EndKind.DescribeFailed => "the plan could not be described",
            _ => "plan failed",
        });
        Recovery.ReleaseAll(draft);
        if (draft.Phase.IsTerminal()) Lifecycle.Terminal(draft);
        else draft.Status = draft.Status with { Inputs = null };
    }

    private static PlanStatus Planned(TaskDraft draft, PlanStatus made, bool noChanges)
    {
        var plan = made with { Attempt = draft.Status.Attempt!.Id, Summary = noChanges ? "no changes" : Summary(made.Counts), At = draft.Seen.Now };
        if (draft.Spec.Type != TaskType.PlanAndApply) return plan;
        var manifest = Manifests.Of(draft.Task, draft.Status.Run, draft.Status.Inputs!, plan);
        return plan with { Digest = manifest.Digest(), SemanticDigest = Manifests.Meaning(manifest, made.SemanticDigest) };
    }

    private static string Summary(PlanCounts? counts) =>
        counts is null ? "planned" : string.Create(CultureInfo.InvariantCulture, $"+{counts.Add} ~{counts.Change} -{counts.Destroy}");

    private static void Finish(TaskDraft draft, PlanStatus plan, TaskSignal signal)
    {
        draft.Status = draft.Status with { Plan = plan, Failures = 0 };
        draft.Move(signal, signal == TaskSignal.PlanNoChanges ? "the plan shows nothing to do" : $"planned: {plan.Summary}");
        Recovery.ReleaseAll(draft);
        Lifecycle.Terminal(draft);
    }

    private static void AwaitApproval(TaskDraft draft, PlanStatus plan)
    {
        draft.Status = draft.Status with { Plan = plan, Failures = 0 };
        var carried = Approve.CarryOver(draft, plan);
        draft.Status = draft.Status with { Grant = carried };
        draft.Move(TaskSignal.PlanSucceeded, Approve.Waiting(draft));
        if (carried is not null) draft.Move(TaskSignal.Approved, $"the new plan says the same as the one that {carried.Approver} approved ({carried.Approval})", actor: carried.Approver);
        ApplyPendingPhase.Decide(draft);
    }
}
