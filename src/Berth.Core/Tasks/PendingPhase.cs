using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Waiting to begin. The order of the checks is the order in which a person should mend things.</summary>
internal static class PendingPhase
{
    /// <summary>ConfigMaps and Secrets are not watched; a missing one is looked for again after this time.</summary>
    private static readonly TimeSpan InputsAgainAfter = TimeSpan.FromSeconds(10);

    private const string HeldStill = "held still on request; set spec.desiredState to Running to go on";

    public static void Decide(TaskDraft draft)
    {
        Recovery.ExcuseLater(draft);
        if (SupersededNow(draft)) return;
        if (SuspendedNow(draft)) return;
        var fault = Admission.Check(draft.Seen);
        if (fault is not null) { draft.Wait(fault.Reason, fault.Message); return; }
        if (draft.Status.NotBefore is { } notBefore && draft.Seen.Now < notBefore)
        {
            draft.WakeAt(notBefore);
            return;
        }
        if (Outbox.IsFull(draft.Status.History))
        {
            draft.Wait(Reasons.HistoryBacklog, "nothing new is started while the database is away and too many transitions wait for it; goes on by itself once it is back");
            return;
        }
        if (draft.Seen.Inputs?.Fault is { } missing)
        {
            draft.Wait(missing.Reason, missing.Message);
            draft.WakeAfter(InputsAgainAfter);
            return;
        }
        if (draft.Spec.Type == TaskType.Run && HeldBack(draft, "runs")) return;
        draft.WantsSlot = draft.Seen.Offer is null;
        if (draft.Seen.Offer is { } offer && draft.Seen.Inputs?.Snapshot is { } inputs) Begin(draft, offer, inputs);
        else if (PoolTrouble(draft) is { } trouble) draft.Wait(trouble.Reason, trouble.Message);
        else if (draft.Seen.Wait is { } wait) draft.Wait(wait.Reason, wait.Message);
    }

    /// <summary>A pool that cannot run anything at the moment: the task keeps its place in the queue, so that the pool knows it is needed.</summary>
    public static Fault? PoolTrouble(TaskDraft draft) =>
        draft.Seen.Pool?.Fault is { Retry: true } fault && draft.Seen.Wait is null or { Reason: Reasons.WaitingForSlot }
            ? new Fault(Reasons.PoolNotReady, $"pool {draft.Spec.PoolRef.Name}: {fault.Reason}: {fault.Message}")
            : null;

    /// <summary>Whether a freeze keeps back what would change the world; wakes the task when it ends.</summary>
    public static bool HeldBack(TaskDraft draft, string what)
    {
        if (draft.Seen.Hold is not { } hold) return false;
        draft.Wait(hold.Reason, hold.Until is null ? hold.Message : $"{hold.Message}; {what} by itself then");
        draft.WakeAt(hold.Until);
        return true;
    }

    /// <summary>A newer task takes the place of one that nobody has approved. True if this one ended.</summary>
    public static bool SupersededNow(TaskDraft draft)
    {
        if (draft.Seen.SupersededBy is not { } newer || draft.Status.Grant is not null || draft.Spec.Type != TaskType.PlanAndApply) return false;
        draft.Move(TaskSignal.Superseded, $"discarded before anybody approved it: the newer task {newer} of workspace {draft.Spec.Workspace} takes its place; raise spec.requeue by one to plan it again");
        Recovery.ReleaseAll(draft);
        Lifecycle.Terminal(draft);
        return true;
    }

    /// <summary>Whether the task is held still; notes going in and out of it.</summary>
    public static bool SuspendedNow(TaskDraft draft)
    {
        var held = draft.Suspended;
        draft.Suspended = draft.Spec.DesiredState == DesiredState.Suspended;
        if (draft.Suspended && !held) draft.Move(TaskSignal.Suspended, HeldStill);
        else if (draft.Suspended) draft.Wait(Reasons.Suspended, HeldStill);
        else if (held) draft.Move(TaskSignal.Resumed, "goes on, on request", draft.Status.Grant is { SpentBy: null } && draft.Phase == TaskPhase.ApplyPending ? Reasons.Approved : null);
        return draft.Suspended;
    }

    private static void Begin(TaskDraft draft, SlotOffer offer, InputsStatus inputs)
    {
        var run = draft.Spec.Type == TaskType.Run;
        Attempts.Order(draft, run ? AttemptKind.Run : AttemptKind.Plan, Attempts.Take(offer, draft, warm: true), offer.Node, offer.NodeBootId, offer.RunnerBoot);
        draft.Status = draft.Status with { Inputs = inputs, Plan = null, Loss = null, Resolution = null };
        draft.Move(run ? TaskSignal.RunOrdered : TaskSignal.PlanOrdered, $"{(run ? "running" : "planning")} on {draft.SlotName}, attempt {draft.Status.Attempts}");
        Attempts.Deliver(draft);
    }
}
