using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Beginning and end: finalizer, requeue, and what is left to do once a task is over.</summary>
internal static class Lifecycle
{
    /// <summary>True where our finalizer must be on the object, false where it must go, null where it is right.</summary>
    public static bool? NeedsFinalizer(TaskDraft draft)
    {
        var there = draft.Task.IsHeld();
        var needed = !Released(draft);
        if (needed == there) return null;
        if (needed && WasLetGo(draft)) return null;
        // The API server refuses new finalizers on an object that is being deleted.
        return needed && draft.Task.Metadata.DeletionTimestamp is not null ? null : needed;
    }

    /// <summary>
    /// Letting a finished task go was its last acknowledgement, which no status tells: it is not taken back to be let go again, and its history
    /// not written again, or each new leader would write that of every task there is.
    /// </summary>
    public static bool WasLetGo(TaskDraft draft) => !draft.Moved && draft.Task.IsAtRest();

    /// <summary>Whether the task goes away and only the database keeps it: then its history is kept beside it.</summary>
    public static bool MustSpill(TaskDraft draft) =>
        draft.Task.Metadata.DeletionTimestamp is not null && draft.Seen.HistoryTrouble is not null && draft.Seen.Spilled < draft.Status.History.Seq
        && IsOver(draft.Status) && Outbox.Unacknowledged(draft.Status.History).Any();

    /// <summary>Over, proved dead, and every transition in the database, or kept beside the task for when that is back.</summary>
    private static bool Released(TaskDraft draft) =>
        IsOver(draft.Status) && (!Outbox.Unacknowledged(draft.Status.History).Any() || (draft.Task.Metadata.DeletionTimestamp is not null && draft.Seen.Spilled >= draft.Status.History.Seq));

    private static bool IsOver(TaskStatus status) => status.Phase.IsTerminal() && status.Loss is not { Fenced: false };

    public static void Terminal(TaskDraft draft)
    {
        if (Requeued(draft)) return;
        if (draft.Status.Attempt is { EndedAt: null } open)
        {
            // Only a restore can still be under way (a rejection, say, does not wait for it): nobody wants it any more.
            draft.Do(new TaskAction.CancelAttempt(open.PodUid, open.Slot, open.Id, $"the task is {draft.Phase}"));
            Attempts.CloseAs(draft, "Abandoned");
        }
        Attempts.AcknowledgeAgain(draft);
        // A task that is over holds nothing, however it came to be over.
        if (draft.Status.Slot is not null) Recovery.ReleaseAll(draft);
        ReleaseLeftovers(draft);
        if (draft.Task.Metadata.DeletionTimestamp is null && Durations.OrNull(draft.Spec.TtlAfterFinished) is { } ttl && draft.Status.FinishedAt is { } finished)
        {
            if (draft.Seen.Now >= finished + ttl) draft.Do(new TaskAction.DeleteTask());
            else draft.WakeAt(finished + ttl);
        }
    }

    /// <summary>A first release may have been lost with its leader: as long as the agent keeps a directory of ours, it is told again.</summary>
    private static void ReleaseLeftovers(TaskDraft draft)
    {
        if (draft.Status.Slot is not null || draft.Status.Attempt is not { } attempt || Recovery.Directory(draft.Status) is not { } directory) return;
        if (draft.Seen.Agent?.Slots.GetValueOrDefault(attempt.Slot) is { } slot && slot.Directory == directory) draft.Do(new TaskAction.ReleaseSlot(attempt.PodUid, attempt.Slot, directory));
    }

    private static bool Requeued(TaskDraft draft)
    {
        if (draft.Moved || draft.Spec.Requeue is not { } wanted || wanted <= draft.Status.ObservedRequeue || draft.Task.Metadata.DeletionTimestamp is not null) return false;
        if (draft.Spec.DesiredState == DesiredState.Stopped) return false;
        if (Outbox.IsFull(draft.Status.History))
        {
            draft.Wait(Reasons.HistoryBacklog, $"run {draft.Status.Run + 1} was asked for; it begins once the database is back and has taken the transitions that wait for it");
            return false;
        }
        draft.Move(TaskSignal.Requeued, $"run {draft.Status.Run + 1} on request");
        draft.Status = draft.Status with
        {
            Run = draft.Status.Run + 1,
            ObservedRequeue = wanted,
            AttemptsBefore = draft.Status.Attempts,
            QueuedAt = draft.Seen.Now,
            StartedAt = null,
            FinishedAt = null,
            NotBefore = null,
            Failures = 0,
            Resets = 0,
            Losses = 0,
            ExcusedAt = null,
            Inputs = null,
            Plan = null,
            Grant = null,
            Loss = null,
            Resolution = null,
            StopRequestedAt = null,
            StopRequestedBy = null,
        };
        PendingPhase.Decide(draft);
        return true;
    }
}
