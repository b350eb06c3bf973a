using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>Applying, or the command of type Run: what may have started has started. Never repeated by itself.</summary>
internal static class WorkPhase
{
    public static void Decide(TaskDraft draft)
    {
        var known = Attempts.Known(draft);
        if (known?.Refused is { } refusal) { Refused(draft, refusal); return; }
        if (Attempts.Ended(draft) is { } end) { Ended(draft, end); return; }
        if (Attempts.LossOf(draft) is { } cause) { Lost(draft, cause); return; }
        if (Attempts.MakesWay(draft)) return;
        Attempts.Deliver(draft);
        Silence.Watch(draft, known);
    }

    /// <summary>Takes in the end of an apply or run, also a late one after the loss of its pod.</summary>
    public static void Ended(TaskDraft draft, AttemptEnd end)
    {
        if (end.Kind == EndKind.RunnerLost)
        {
            if (draft.Phase is TaskPhase.Applying or TaskPhase.Running) Lost(draft, $"the container of slot {draft.SlotName} was restarted");
            return;
        }
        var what = draft.Status.Attempt!.Kind == AttemptKind.Run ? "the command" : "apply";
        var never = draft.Phase is TaskPhase.Applying or TaskPhase.Running && Attempts.NeverBegan(draft, end);
        Attempts.Close(draft, end);
        if (never) Recovery.BackToPending(draft, TaskSignal.AttemptRefused, $"nothing was started: {Attempts.Describe(end)}", keepGrant: false, Attempts.ShortPause(draft));
        else if (end.Kind == EndKind.Succeeded) Finish(draft, TaskSignal.WorkSucceeded, $"{what} succeeded", draft.Spec.Type == TaskType.Run ? Reasons.Completed : null);
        else if (draft.Phase is TaskPhase.Applying or TaskPhase.ApplyLost && end.ExitCode is { } code && draft.Spec.Apply?.ExitCodes?.NothingChanged?.Contains(code) == true)
            Recovery.Reset(draft, TaskSignal.NothingChanged, $"apply ended with exit code {code}, which promises that nothing was changed", keepGrant: false);
        else Finish(draft, TaskSignal.WorkFailed, $"{what} failed: {Attempts.Describe(end)}; look at its output (berth logs {draft.Task.Metadata.Name} -n {draft.Task.Metadata.Namespace}), then raise spec.requeue by one to plan again", Reason(end));
    }

    private static string Reason(AttemptEnd end) => end.Kind switch
    {
        EndKind.TimedOut => Reasons.TimedOut,
        EndKind.CannotStart => Reasons.CannotStart,
        EndKind.Stopped => Reasons.Stopped,
        _ => Reasons.CommandFailed,
    };

    private static void Finish(TaskDraft draft, TaskSignal signal, string message, string? reason)
    {
        draft.Move(signal, message, reason);
        Recovery.ReleaseAll(draft);
        Lifecycle.Terminal(draft);
    }

    /// <summary>The agent proves that it never started. The grant is spent all the same: a new plan asks for a new approval.</summary>
    private static void Refused(TaskDraft draft, Refusal refusal)
    {
        Attempts.CloseAs(draft, "Refused");
        var message = $"slot {draft.SlotName} refused the attempt: {refusal.Reason}: {refusal.Message}; nothing was started";
        if (draft.Phase == TaskPhase.Applying && refusal.Reason == "ManifestMismatch") Recovery.Reset(draft, TaskSignal.InputsChanged, message, keepGrant: false);
        else Recovery.BackToPending(draft, TaskSignal.AttemptRefused, message, keepGrant: false, Attempts.ShortPause(draft));
    }

    private static void Lost(TaskDraft draft, string cause)
    {
        var attempt = draft.Status.Attempt!;
        draft.Status = draft.Status with
        {
            Attempt = attempt with { StartedAt = attempt.StartedAt ?? Attempts.Known(draft)?.StartedAt },
            Loss = new LossStatus { Attempt = attempt.Id, Since = draft.Seen.Now, Cause = cause, Fenced = false },
        };
        draft.Move(TaskSignal.WorkLost, $"{cause} while attempt {attempt.Id} was running; nothing else runs for workspace {draft.Spec.Workspace} until it is proved dead");
        ApplyLostPhase.Decide(draft);
    }
}
