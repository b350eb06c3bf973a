using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Decides about one task. Pure: whoever wants to know what happens when X is observed calls it and looks.</summary>
public static class TaskDecider
{
    /// <summary>The decision for what was seen.</summary>
    public static TaskDecision Decide(TaskObserved seen)
    {
        var draft = new TaskDraft(seen);
        if (draft.Status.QueuedAt is null) Welcome(draft);
        IgnoreEarlyRequeue(draft);
        if (RequestsThatEnd(draft)) return draft.ToDecision();
        Step(draft);
        return draft.ToDecision();
    }

    /// <summary>First sight of a task: it takes its place in the queue, and keeps the requeue it was created with.</summary>
    private static void Welcome(TaskDraft draft)
    {
        draft.Status = draft.Status with
        {
            QueuedAt = draft.Task.Metadata.CreationTimestamp ?? draft.Seen.Now,
            PhaseSince = draft.Task.Metadata.CreationTimestamp ?? draft.Seen.Now,
            ObservedRequeue = draft.Spec.Requeue ?? 0,
            Run = 1,
        };
    }

    /// <summary>
    /// A requeue is for a task that is over. One that is raised while the task still goes on would fire later, when nobody thinks of it
    /// any more, and apply a second time where approval is Auto: it is noted as seen, and people are told.
    /// </summary>
    private static void IgnoreEarlyRequeue(TaskDraft draft)
    {
        if (draft.Phase.IsTerminal() || draft.Spec.Requeue is not { } wanted || wanted <= draft.Status.ObservedRequeue) return;
        draft.Status = draft.Status with { ObservedRequeue = wanted };
        draft.Notice(Reasons.RequeueIgnored, $"spec.requeue was raised to {wanted} while the task is {draft.Phase}, so it is ignored; once the task is over, raise it to {wanted + 1} to run it again");
    }

    private static void Step(TaskDraft draft)
    {
        draft.Finalizer = Lifecycle.NeedsFinalizer(draft);
        if (draft.Seen.CheckpointSaved is { } saved && saved != draft.Status.Checkpointed) draft.Status = draft.Status with { Checkpointed = saved };
        switch (draft.Phase)
        {
            case TaskPhase.Pending: PendingPhase.Decide(draft); break;
            case TaskPhase.Planning: PlanningPhase.Decide(draft); break;
            case TaskPhase.ApplyPending: ApplyPendingPhase.Decide(draft); break;
            case TaskPhase.Applying or TaskPhase.Running: WorkPhase.Decide(draft); break;
            case TaskPhase.ApplyLost: ApplyLostPhase.Decide(draft); break;
            case TaskPhase.Stopping: StoppingPhase.Decide(draft); break;
            default: Lifecycle.Terminal(draft); break;
        }
        Approve.JudgeLeftovers(draft);
        draft.Finalizer = Lifecycle.NeedsFinalizer(draft);
    }

    /// <summary>Stop and deletion come before everything else, in every phase that is not over.</summary>
    private static bool RequestsThatEnd(TaskDraft draft)
    {
        var deleting = draft.Task.Metadata.DeletionTimestamp is not null;
        if (draft.Phase.IsTerminal() || (!deleting && draft.Spec.DesiredState != DesiredState.Stopped && draft.Status.StopRequestedAt is null)) return false;
        var by = draft.Status.StopRequestedBy ?? (deleting ? "deletion" : "spec.desiredState");
        draft.Status = draft.Status with { StopRequestedAt = draft.Status.StopRequestedAt ?? draft.Seen.Now, StopRequestedBy = by };
        if (draft.Phase == TaskPhase.Stopping) return false;
        if (draft.Phase.MayRun())
        {
            // A result that is known already counts; only what still runs is stopped.
            if (Attempts.Ended(draft) is not null) return false;
            draft.Move(TaskSignal.StopRequested, $"{(deleting ? "deleted: stopping first" : $"stopping on request ({by})")}; lasts until everything of attempt {draft.Status.Attempt?.Id} is proved dead", deleting ? Reasons.Deleted : null);
            StoppingPhase.Decide(draft);
        }
        else
        {
            draft.Move(TaskSignal.StopRequested, deleting ? "deleted before anything was applied" : "stopped on request before anything was applied; raise spec.requeue by one to run it again", deleting ? Reasons.Deleted : null);
            Recovery.ReleaseAll(draft);
            Lifecycle.Terminal(draft);
        }
        Approve.JudgeLeftovers(draft);
        draft.Finalizer = Lifecycle.NeedsFinalizer(draft);
        return true;
    }
}
