using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>Being stopped. Lasts until the agent, the kubelet, the node or a person proves that nothing of it runs.</summary>
internal static class StoppingPhase
{
    public static void Decide(TaskDraft draft)
    {
        var attempt = draft.Status.Attempt!;
        if (draft.Status.Loss is { Fenced: true }) { Stopped(draft, "stopped; the lost attempt is proved dead"); return; }
        if (Attempts.Known(draft)?.Refused is not null) { Attempts.CloseAs(draft, "Refused"); Stopped(draft, "stopped before it was started"); return; }
        if (Attempts.Ended(draft) is { } end) { Ended(draft, end); return; }
        if (attempt.Kind is AttemptKind.Plan or AttemptKind.Restore)
        {
            // A plan changes nothing: once its pod is lost there is nothing to wait for.
            if (Attempts.LossOf(draft) is { } gone) { Attempts.CloseAs(draft, "Lost"); Stopped(draft, $"stopped; {gone}"); return; }
        }
        else if (draft.Status.Loss is not null || Attempts.LossOf(draft) is not null)
        {
            var cause = draft.Status.Loss?.Cause ?? Attempts.LossOf(draft)!;
            draft.Status = draft.Status with { Loss = draft.Status.Loss ?? new LossStatus { Attempt = attempt.Id, Since = draft.Seen.Now, Cause = cause } };
            if (ApplyLostPhase.Fenced(draft)) { Stopped(draft, $"stopped; {cause}, and it is proved dead; how far it got is not known"); return; }
            draft.Wait(Reasons.ApplyLost, $"{cause} while stopping; attempt {attempt.Id} may still be running, so the stop is not over and nothing else runs for workspace {draft.Spec.Workspace}. If you have made sure yourself: berth resolve {draft.Task.Metadata.Name} -n {draft.Task.Metadata.Namespace} confirm-dead");
        }
        draft.Do(new TaskAction.CancelAttempt(attempt.PodUid, attempt.Slot, attempt.Id, $"stop requested by {draft.Status.StopRequestedBy}"));
    }

    private static void Ended(TaskDraft draft, AttemptEnd end)
    {
        var kind = draft.Status.Attempt!.Kind;
        Attempts.Close(draft, end);
        if (kind is AttemptKind.Apply or AttemptKind.Run && end.Kind == EndKind.Succeeded)
        {
            draft.Move(TaskSignal.WorkSucceeded, "it had succeeded before the stop reached it", kind == AttemptKind.Run ? Reasons.Completed : Reasons.Applied);
            Recovery.ReleaseAll(draft);
            Lifecycle.Terminal(draft);
            return;
        }
        Stopped(draft, kind is AttemptKind.Plan or AttemptKind.Restore ? "stopped; nothing was applied" : $"stopped while it ran ({Attempts.Describe(end)}); what it had done until then stays done");
    }

    private static void Stopped(TaskDraft draft, string message)
    {
        var deleted = draft.Task.Metadata.DeletionTimestamp is not null;
        draft.Move(TaskSignal.StopProved, deleted ? $"deleted: {message}" : $"{message}; raise spec.requeue by one to run it again", deleted ? Reasons.Deleted : null);
        Recovery.ReleaseAll(draft);
        Lifecycle.Terminal(draft);
    }
}
