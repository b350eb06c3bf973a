using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>Planned. Three things come together here in any order: a grant, a warm slot, and a stored plan for the day the slot is lost.</summary>
internal static class ApplyPendingPhase
{
    private static readonly TimeSpan DefaultHold = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookAgainForPlan = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan InputsAgainAfter = TimeSpan.FromSeconds(10);

    public static void Decide(TaskDraft draft)
    {
        Attempts.AcknowledgeAgain(draft);
        if (draft.Seen.PlanStored == false) Unstore(draft);
        if (!draft.Status.Plan!.Stored) Store(draft);
        if (KeepSlot(draft)) return;
        if (Approve.Settle(draft)) return;
        if (PendingPhase.SupersededNow(draft)) return;
        if (PendingPhase.SuspendedNow(draft)) { HoldStill(draft); return; }
        if (draft.Status.Slot is null) { TakeAnother(draft); return; }
        if (!draft.Status.Slot.Warm) { Restore(draft); return; }
        if (draft.Status.Grant is null) { WaitForApproval(draft); return; }
        Begin(draft);
    }

    /// <summary>
    /// The database has lost the plan; agents keep no copy once it was stored. Where a slot has it, it is good for as long as the slot. Where none
    /// has, the next restore finds out, unless a backup has brought it back by then.
    /// </summary>
    private static void Unstore(TaskDraft draft)
    {
        if (draft.Status.Slot is { Warm: true }) draft.Status = draft.Status with { Plan = draft.Status.Plan! with { Stored = false } };
        else draft.Do(new TaskAction.CheckPlanStored("", draft.Status.Plan!.Attempt, draft.Status.Plan));
        draft.WakeAfter(LookAgainForPlan);
    }

    private static void Store(TaskDraft draft)
    {
        if (draft.Seen.PlanStored == true) draft.Status = draft.Status with { Plan = draft.Status.Plan! with { Stored = true } };
        else if (!PlanUploads.AreNeeded(draft.Status.Plan!)) draft.Status = draft.Status with { Plan = draft.Status.Plan! with { Stored = true } };
        else if (draft.Status.Slot is { } slot) draft.Do(new TaskAction.CheckPlanStored(slot.PodUid, draft.Status.Plan!.Attempt, draft.Status.Plan));
    }

    /// <summary>Handles the loss or the end of the slot's pod. True if the task left the phase.</summary>
    private static bool KeepSlot(TaskDraft draft)
    {
        if (draft.Status.Slot is not { } slot) return false;
        var cause = Attempts.LossOf(draft);
        if (cause is null && slot.Warm && Forgotten(draft, slot)) cause = $"slot {slot.Name} no longer has the working directory";
        var drained = cause is null && draft.Seen.Pod is { Draining: true } && draft.Status.Plan!.Stored && !Restoring(draft);
        if (cause is null && !drained) return false;
        if (draft.Status.Plan!.Stored && draft.Spec.Recovery.OnReservationLost == OnReservationLost.ReReserve)
        {
            if (Restoring(draft)) Attempts.CloseAs(draft, "Lost");
            draft.Move(TaskSignal.ReservationLost, $"{cause ?? draft.Seen.Pod?.DrainedFor ?? $"pod {slot.Pod} is ending"}; the stored plan {Digests.Short(draft.Status.Plan.Digest)} is restored on a free slot");
            Recovery.ReleaseAll(draft);
            return false;
        }
        if (drained) return false;
        if (Restoring(draft)) Attempts.CloseAs(draft, "Lost");
        Recovery.Reset(draft, TaskSignal.ReservationReset, $"{cause} before the plan was stored", keepGrant: true);
        return true;
    }

    private static bool Restoring(TaskDraft draft) => draft.Status.Attempt is { Kind: AttemptKind.Restore, EndedAt: null };

    /// <summary>Whether the connected agent's inventory shows that the directory is not there any more.</summary>
    private static bool Forgotten(TaskDraft draft, SlotStatus slot) =>
        draft.Seen.Agent is { Connected: true } agent && agent.Slots.GetValueOrDefault(slot.Index) is { Ready: true } known && known.Attempt is null && known.Directory != Recovery.Directory(draft.Status);

    private static void TakeAnother(TaskDraft draft)
    {
        if (draft.Status.NotBefore is { } pause && draft.Seen.Now < pause) { draft.WakeAt(pause); return; }
        if (!WantsSlot(draft.Status)) { WaitForApproval(draft); return; }
        if (draft.Status.Grant is not null && PendingPhase.HeldBack(draft, "a slot is taken again and apply begins")) return;
        if (Outbox.IsFull(draft.Status.History)) { draft.Wait(Reasons.HistoryBacklog, "no slot is taken again while the database is away and too many transitions wait for it; goes on by itself once it is back"); return; }
        if (draft.Seen.Offer is not { } offer)
        {
            draft.WantsSlot = true;
            if (draft.Seen.Pool is null) draft.Wait(Reasons.PoolNotFound, $"AgentPool {draft.Spec.PoolRef.Name} is gone; create it again, and the stored plan gets a slot there. {Approve.Waiting(draft)}");
            else if (draft.Seen.Pool.Fault is { Retry: false } broken) draft.Wait(Reasons.PoolNotReady, $"pool {draft.Spec.PoolRef.Name}: {broken.Reason}: {broken.Message}");
            else if (PendingPhase.PoolTrouble(draft) is { } trouble) draft.Wait(trouble.Reason, $"{trouble.Message}; {Approve.Waiting(draft)}");
            else if (draft.Seen.Wait is { } wait) draft.Wait(wait.Reason, $"{wait.Message}; {Approve.Waiting(draft)}");
            return;
        }
        if (!IsStillTheSame(draft)) return;
        Attempts.Order(draft, AttemptKind.Restore, Attempts.Take(offer, draft, warm: false), offer.Node, offer.NodeBootId, offer.RunnerBoot);
        draft.Move(TaskSignal.ReservationTaken, $"restoring the stored plan on {draft.SlotName}");
        Attempts.Deliver(draft);
    }

    /// <summary>
    /// What apply would run with there is compared before the slot is taken: nobody is to approve what could not be applied. An image that
    /// the kubelet has not told yet is compared when apply begins.
    /// </summary>
    private static bool IsStillTheSame(TaskDraft draft)
    {
        if (draft.Seen.Inputs is not { } inputs) return false;
        if (inputs.Fault is { } fault)
        {
            draft.Wait(fault.Reason, fault.Message);
            draft.WakeAfter(InputsAgainAfter);
            return false;
        }
        var (then, now) = (draft.Status.Inputs!, inputs.Snapshot!);
        if (Manifests.Difference(then, now with { ImageId = now.ImageId ?? then.ImageId }) is not { } change) return true;
        Recovery.Reset(draft, TaskSignal.InputsChanged, $"{change} changed since the plan", keepGrant: false);
        return false;
    }

    /// <summary>An unapproved task whose slot was given up on purpose waits without one.</summary>
    public static bool WantsSlot(TaskStatus status)
    {
        if (status.Phase != TaskPhase.ApplyPending || status.Slot is not null || status.Plan is not { Stored: true }) return false;
        var reason = status.Conditions.FirstOrDefault(c => c.Type == "SlotReserved")?.Reason;
        return status.Grant is { SpentBy: null } || (status.Reason is not (Reasons.HoldExpired or Reasons.Displaced or Reasons.Suspended) && reason is not (Reasons.HoldExpired or Reasons.Displaced));
    }

    private static void Restore(TaskDraft draft)
    {
        var known = Attempts.Known(draft);
        if (known?.Refused is { } refusal)
        {
            Attempts.CloseAs(draft, "Refused");
            Elsewhere(draft, TaskSignal.AttemptRefused, $"slot {draft.SlotName} refused the stored plan: {refusal.Reason}: {refusal.Message}; trying another");
            return;
        }
        if (Attempts.Ended(draft) is not { } end) { Attempts.Deliver(draft); Silence.Watch(draft, known); return; }
        var never = Attempts.NeverBegan(draft, end);
        Attempts.Close(draft, end);
        if (never) Elsewhere(draft, TaskSignal.AttemptRefused, $"nothing was restored: {Attempts.Describe(end)}; trying again");
        else if (end.Kind == EndKind.Succeeded)
        {
            draft.Status = draft.Status with { Slot = draft.Status.Slot! with { Warm = true }, Failures = 0 };
            draft.Move(TaskSignal.PlanRestored, draft.Status.Grant is null ? Approve.Waiting(draft) : "the stored plan is verified and in place; apply begins");
            Decide(draft);
        }
        else if (end.Kind == EndKind.RestoreFailed) Recovery.Reset(draft, TaskSignal.InputsChanged, $"the stored plan could not be restored: {Attempts.Describe(end)}", keepGrant: false);
        else if (end.Kind == EndKind.RunnerLost) Elsewhere(draft, TaskSignal.ReservationLost, $"the container of slot {draft.SlotName} was restarted while restoring; trying another");
        else if (Recovery.Failed(draft, end, "the slot could not be prepared for the stored plan")) { Recovery.ReleaseAll(draft); Lifecycle.Terminal(draft); }
        else Recovery.ReleaseAll(draft);
    }

    private static void Elsewhere(TaskDraft draft, TaskSignal signal, string message)
    {
        draft.Move(signal, message, Reasons.SlotLost);
        Recovery.ReleaseAll(draft);
        draft.Status = draft.Status with { NotBefore = draft.Seen.Now + Attempts.ShortPause(draft) };
        draft.WakeAt(draft.Status.NotBefore);
    }

    private static void WaitForApproval(TaskDraft draft)
    {
        var holdFor = Durations.Or(draft.Seen.Pool?.Spec.Reservation.HoldFor, DefaultHold);
        if (draft.Status.Slot is { } slot && draft.Status.Plan!.Stored)
        {
            if (draft.Seen.Displaced) { GiveUp(draft, TaskSignal.ReservationReleased, Reasons.Displaced, $"slot {slot.Name} was needed for an approved task; a slot is taken again on approval. {Approve.Waiting(draft)}"); return; }
            var until = slot.Since + holdFor;
            if (draft.Seen.Now >= until) { GiveUp(draft, TaskSignal.ReservationReleased, Reasons.HoldExpired, $"nobody approved within {Durations.Describe(holdFor)}, so slot {slot.Name} was given up; a slot is taken again on approval. {Approve.Waiting(draft)}"); return; }
            draft.WakeAt(until);
        }
        if (draft.Status.Slot is null && draft.Status.Reason is Reasons.HoldExpired or Reasons.Displaced) return;
        draft.Wait(draft.Seen.Proof.Proven ? Reasons.AwaitingApproval : Reasons.ApprovalPolicyMissing, Approve.Waiting(draft));
    }

    /// <summary>Suspended: the slot is given up if the plan is stored, also one where it is just being restored.</summary>
    private static void HoldStill(TaskDraft draft)
    {
        if (draft.Status.Slot is { } slot && draft.Status.Plan!.Stored)
        {
            if (Restoring(draft))
            {
                draft.Do(new TaskAction.CancelAttempt(slot.PodUid, slot.Index, draft.Status.Attempt!.Id, "the task was suspended"));
                Attempts.CloseAs(draft, "Suspended");
            }
            GiveUp(draft, TaskSignal.ReservationReleased, Reasons.Released, $"slot {slot.Name} given up while the task is suspended");
        }
        draft.Wait(Reasons.Suspended, Approve.Held(draft));
    }

    private static void GiveUp(TaskDraft draft, TaskSignal signal, string reason, string message)
    {
        draft.Move(signal, message, reason);
        Recovery.ReleaseAll(draft);
    }

    /// <summary>Approved, but held back: the slot is kept for as long as an unapproved one would be, then it is of use to others.</summary>
    private static bool Frozen(TaskDraft draft)
    {
        if (draft.Seen.Hold is not { } hold) return false;
        var until = draft.Status.Slot!.Since + Durations.Or(draft.Seen.Pool?.Spec.Reservation.HoldFor, DefaultHold);
        if (draft.Status.Plan!.Stored && (draft.Seen.Displaced || draft.Seen.Now >= until) && (hold.Until is null || hold.Until > draft.Seen.Now))
        {
            GiveUp(draft, TaskSignal.ReservationReleased, hold.Reason, $"approved, but {hold.Message}; slot {draft.SlotName} was given up and is taken again then");
            draft.WakeAt(hold.Until);
            return true;
        }
        if (draft.Status.Plan.Stored) draft.WakeAt(until);
        return PendingPhase.HeldBack(draft, "apply begins");
    }

    /// <summary>The grant is live, the slot is warm: check once more what apply would run with, then spend the grant.</summary>
    private static void Begin(TaskDraft draft)
    {
        var (status, seen) = (draft.Status, draft.Seen);
        if (Frozen(draft)) return;
        if (seen.Agent is not { Connected: true, Unavailable: null } agent || agent.Slots.GetValueOrDefault(status.Slot!.Index) is not { Ready: true, Attempt: null } slot || seen.Pod is { Draining: true })
        {
            draft.Wait(Reasons.Approved, $"approved; apply begins as soon as the agent of {status.Slot!.Name} is ready for it");
            return;
        }
        if (Outbox.IsFull(status.History)) { draft.Wait(Reasons.HistoryBacklog, "approved; apply begins once the database is back and has taken the transitions that wait for it"); return; }
        if (seen.Inputs?.Fault is { } fault)
        {
            draft.Wait(fault.Reason, $"approved, but {fault.Message}");
            draft.WakeAfter(InputsAgainAfter);
            return;
        }
        if (seen.Inputs?.Snapshot is not { } now || (status.Grant!.Basis != GrantBasis.Auto && seen.GrantStillThere is null)) return;
        var change = Manifests.Difference(status.Inputs!, now) ?? (Manifests.Of(draft.Task, status.Run, status.Inputs!, status.Plan!).Digest() == status.Grant!.RunDigest ? null : "the manifest");
        if (change is not null)
        {
            Recovery.Reset(draft, TaskSignal.InputsChanged, $"{change} changed since the plan", keepGrant: false);
            return;
        }
        var held = status.Slot;
        Attempts.Order(draft, AttemptKind.Apply, held, status.Slot.Node ?? "", BootIdOf(draft), slot.RunnerBoot);
        draft.Status = draft.Status with { Grant = status.Grant with { SpentBy = draft.Status.Attempt!.Id } };
        draft.Move(TaskSignal.ApplyOrdered, $"applying {status.Plan!.Summary} on {held.Name}, approved by {status.Grant.Approver ?? "policy"}", actor: status.Grant.Approver);
        Attempts.Deliver(draft);
    }

    private static string BootIdOf(TaskDraft draft) => draft.Task.Status.Attempt?.NodeBootId ?? draft.Seen.Pod?.NodeBootId ?? "";
}
