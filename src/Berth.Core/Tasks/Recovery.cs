using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>Losses and failures: counted apart, bounded apart.</summary>
internal static class Recovery
{
    private static readonly TimeSpan ExcuseEvery = TimeSpan.FromHours(1);

    /// <summary>How long after a loss it may still turn out to be part of a larger event.</summary>
    private static readonly TimeSpan ExcuseWithin = TimeSpan.FromMinutes(1);

    /// <summary>Losses of one run that are ever excused or not; past it the task is dead-lettered whatever the cause.</summary>
    private const int LossCap = 20;

    /// <summary>Sends the task back to Pending after a loss, or dead-letters it after too many.</summary>
    public static void Reset(TaskDraft draft, TaskSignal signal, string story, bool keepGrant, string? actor = null)
    {
        var excused = IsExcused(draft);
        var losses = draft.Status.Losses + 1;
        var resets = draft.Status.Resets + (excused ? 0 : 1);
        draft.Status = draft.Status with { Losses = losses, Resets = resets, ExcusedAt = excused ? draft.Seen.Now : draft.Status.ExcusedAt };
        if (resets > draft.Spec.Recovery.ResetLimit || losses > LossCap)
        {
            draft.Move(TaskSignal.ResetsExhausted, $"gave up after {losses} losses ({resets - 1} resets are allowed at most {draft.Spec.Recovery.ResetLimit}); the last: {story}; look into the pool, then raise spec.requeue by one");
            ReleaseAll(draft);
            Lifecycle.Terminal(draft);
            return;
        }
        BackToPending(draft, signal, $"{story}; planning again (reset {resets} of {draft.Spec.Recovery.ResetLimit}{(excused ? ", this one excused as part of a larger event" : "")})", keepGrant, Backoff.Pause(draft.Spec.Retry.Backoff, Math.Max(1, resets), draft.Seen.Jitter), actor);
    }

    /// <summary>The first pods of a larger event go before anybody can see that it is one: their tasks get the reset back.</summary>
    public static void ExcuseLater(TaskDraft draft)
    {
        var status = draft.Status;
        if (status is not { Resets: > 0, Reason: Reasons.PlanLost } || draft.Seen.Now - status.PhaseSince > ExcuseWithin || !IsExcused(draft)) return;
        draft.Status = status with { Resets = status.Resets - 1, ExcusedAt = draft.Seen.Now, Message = $"{status.Message}; excused since as part of a larger event" };
    }

    private static bool IsExcused(TaskDraft draft) =>
        draft.Seen.MassLoss && (draft.Status.ExcusedAt is not { } last || draft.Seen.Now - last >= ExcuseEvery);

    /// <summary>Back to Pending; whatever was held is let go and nothing of the old plan survives but, if asked, the unspent grant.</summary>
    public static void BackToPending(TaskDraft draft, TaskSignal signal, string message, bool keepGrant, TimeSpan pause, string? actor = null, string? reason = null)
    {
        draft.Move(signal, message, reason, actor);
        var grant = keepGrant && draft.Status.Grant is { SpentBy: null, SemanticDigest.Length: > 0 } kept ? kept : null;
        ReleaseAll(draft);
        draft.Status = draft.Status with { Grant = grant, Plan = null, Inputs = null, Loss = null, NotBefore = pause > TimeSpan.Zero ? draft.Seen.Now + pause : null };
        draft.WakeAt(draft.Status.NotBefore);
    }

    /// <summary>A failed command: retried with a pause, or the end.</summary>
    public static bool Failed(TaskDraft draft, AttemptEnd end, string what)
    {
        var text = $"{what}: {Attempts.Describe(end)}";
        if (end.ExitCode is { } code && draft.Spec.Retry.PermanentExitCodes?.Contains(code) == true)
        {
            draft.Move(TaskSignal.CommandFailedPermanently, $"{text} (declared permanent)");
            return true;
        }
        var failures = draft.Status.Failures + 1;
        draft.Status = draft.Status with { Failures = failures };
        if (failures > draft.Spec.Retry.Limit)
        {
            draft.Move(TaskSignal.RetriesExhausted, $"gave up after {failures} tries; the last: {text}; mend what it needs and raise spec.requeue by one, or create the task again with a corrected spec");
            return true;
        }
        var pause = Backoff.Pause(draft.Spec.Retry.Backoff, failures, draft.Seen.Jitter);
        draft.Status = draft.Status with { NotBefore = draft.Seen.Now + pause };
        draft.WakeAt(draft.Status.NotBefore);
        draft.Move(TaskSignal.CommandFailed, $"{text}; try {failures + 1} of {draft.Spec.Retry.Limit + 1} after {draft.Status.NotBefore:u}");
        return false;
    }

    /// <summary>Lets the slot go and tells its agent.</summary>
    public static void ReleaseAll(TaskDraft draft)
    {
        if (draft.Status.Slot is { } slot && Directory(draft.Status) is { } directory) draft.Do(new TaskAction.ReleaseSlot(slot.PodUid, slot.Index, directory));
        draft.Status = draft.Status with { Slot = null };
    }

    /// <summary>The directory that the task's slot keeps is named after the plan attempt, also where it was restored.</summary>
    public static string? Directory(TaskStatus status) => status.Plan?.Attempt ?? status.Attempt?.Id;
}
