using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>The conditions follow from the rest of the status; nothing else sets them.</summary>
internal static class TaskConditions
{
    public static IReadOnlyList<Condition> Derive(TaskStatus status, TaskObserved seen, bool suspended)
    {
        Condition[] wanted =
        [
            Finished(status),
            Succeeded(status, "Succeeded"),
            Succeeded(status, "Ready"),
            Planned(status),
            PlanStored(status, seen),
            SlotReserved(status, seen),
            Approved(status),
            Suspended(status, seen, suspended && !status.Phase.IsTerminal()),
            Stalled(status),
        ];
        var before = seen.Task.Status.Conditions;
        var same = before.Count == wanted.Length;
        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = Keep(wanted[i], seen);
            same = same && ReferenceEquals(wanted[i], before[i]);
        }
        return same ? before : wanted;
    }

    private static Condition Keep(Condition wanted, TaskObserved seen)
    {
        var before = seen.Task.Status.Conditions.FirstOrDefault(c => c.Type == wanted.Type);
        var message = wanted.Message is null ? null : Text.Cut(wanted.Message, 1024);
        if (before is not null && before.Status == wanted.Status && before.Reason == wanted.Reason && before.Message == message) return before;
        return wanted with
        {
            Message = message,
            ObservedGeneration = seen.Task.Metadata.Generation,
            LastTransitionTime = before is not null && before.Status == wanted.Status ? before.LastTransitionTime : Seconds(seen.Now),
        };
    }

    private static Condition Finished(TaskStatus s) =>
        s.Phase.IsTerminal() ? Is("Finished", true, s.Reason!, s.Message) : Is("Finished", false, Reasons.Unfinished, $"{s.Phase}");

    private static Condition Succeeded(TaskStatus s, string type) => s.Phase switch
    {
        TaskPhase.Succeeded => Is(type, true, s.Reason!, s.Message),
        _ when s.Phase.IsTerminal() => Is(type, false, s.Reason!, s.Message),
        _ => new Condition { Type = type, Status = ConditionStatus.Unknown, Reason = s.Reason ?? Reasons.Unfinished, Message = s.Message },
    };

    private static Condition Planned(TaskStatus s) =>
        s.Plan is { } plan ? Is("Planned", true, Reasons.Planned, $"{plan.Summary} ({Digests.Short(plan.Digest)})") : Is("Planned", false, Reasons.NotPlanned, null);

    private static Condition PlanStored(TaskStatus s, TaskObserved seen) => s.Plan switch
    {
        null => Is("PlanStored", false, Reasons.NotPlanned, null),
        { Stored: false } when s.Phase.IsTerminal() => Is("PlanStored", false, Reasons.Storing, "the task was over before the plan was in the database"),
        _ when seen.PlanStored == false => Is("PlanStored", false, Reasons.HistoryDegraded, s.Slot is null
            ? "the database has lost the plan and no slot has it: it is planned again, unless a backup brings it back first (berth restore FILE --history-only --merge)"
            : "the database has lost the plan, which is only on its slot now; losing the pod means planning again, unless a backup brings it back (berth restore FILE --history-only --merge)"),
        { Stored: true } => Is("PlanStored", true, Reasons.Stored, "the plan survives its pod"),
        _ when seen.HistoryTrouble is { } trouble => Is("PlanStored", false, Reasons.HistoryDegraded, $"the plan is only on its slot, and the database takes nothing now ({trouble}); losing the pod before it is back means planning again"),
        _ => Is("PlanStored", false, Reasons.Storing, "the plan is only on its slot until it is in the database; losing the pod now means planning again"),
    };

    private static Condition SlotReserved(TaskStatus s, TaskObserved seen)
    {
        var before = seen.Task.Status.Conditions.FirstOrDefault(c => c.Type == "SlotReserved");
        if (s.Slot is { } slot) return Is("SlotReserved", true, slot.Warm ? Reasons.Reserved : Reasons.Restoring, slot.Name);
        if (s.Phase != TaskPhase.ApplyPending) return Is("SlotReserved", false, s.Phase.IsTerminal() ? Reasons.Released : Reasons.NotPlanned, null);
        if (s.Reason == Reasons.Suspended) return Is("SlotReserved", false, Reasons.Suspended, "taken again once the task is resumed");
        // While waiting for a slot the reason keeps telling how the last one was given up.
        var reason = s.Reason is Reasons.SlotLost or Reasons.HoldExpired or Reasons.Displaced ? s.Reason : before is { Status: ConditionStatus.False, Reason: Reasons.SlotLost or Reasons.HoldExpired or Reasons.Displaced } ? before.Reason : Reasons.WaitingForSlot;
        return Is("SlotReserved", false, reason, s.Reason == reason ? s.Message : before?.Message);
    }

    private static Condition Approved(TaskStatus s) => s switch
    {
        { Grant: { } grant } when s.Plan is null || grant.RunDigest != s.Plan.Digest => Is("Approved", false, Reasons.Replan, "the plan that was approved is being made again"),
        { Grant: { Basis: GrantBasis.Auto } } => Is("Approved", true, Reasons.ApprovedByPolicy, "the task asks for no approval and its pool allows that"),
        { Grant: { } grant } => Is("Approved", true, grant.Basis == GrantBasis.Semantic ? Reasons.ApprovalCarriedOver : Reasons.Approved, $"by {grant.Approver} ({grant.Approval})"),
        { Plan: null } => new Condition { Type = "Approved", Status = ConditionStatus.Unknown, Reason = Reasons.NotPlanned },
        _ => Is("Approved", false, s.Phase == TaskPhase.Rejected ? Reasons.Rejected : Reasons.AwaitingApproval, null),
    };

    private static Condition Suspended(TaskStatus s, TaskObserved seen, bool suspended)
    {
        if (suspended) return Is("Suspended", true, Reasons.Suspended, s.Message);
        if (s.Phase.IsTerminal() || seen.Task.Spec.DesiredState != DesiredState.Suspended) return Is("Suspended", false, Reasons.AsExpected, null);
        return Is("Suspended", false, Reasons.SuspendRequested, s.Phase switch
        {
            TaskPhase.Planning => "held still once the plan is made; what runs is not interrupted",
            TaskPhase.Stopping => "a stop came first",
            _ => "what runs is not interrupted; to end it, set spec.desiredState to Stopped",
        });
    }

    private static Condition Stalled(TaskStatus s) => s switch
    {
        { Phase: TaskPhase.ApplyLost } => Is("Stalled", true, s.Reason!, s.Message),
        { Phase: TaskPhase.Stopping, Loss.Fenced: false } => Is("Stalled", true, Reasons.ApplyLost, s.Message),
        { Phase: TaskPhase.DeadLettered } => Is("Stalled", true, s.Reason!, s.Message),
        { Reason: Reasons.PoolNotFound or Reasons.PoolNotReady or Reasons.PolicyForbids or Reasons.InvalidSpec or Reasons.InputMissing or Reasons.SecretForbidden or Reasons.ApprovalPolicyMissing or Reasons.OutputSilent } => Is("Stalled", true, s.Reason!, s.Message),
        _ => Is("Stalled", false, Reasons.AsExpected, null),
    };

    private static Condition Is(string type, bool holds, string reason, string? message) =>
        new() { Type = type, Status = holds ? ConditionStatus.True : ConditionStatus.False, Reason = reason, Message = message };

    private static DateTimeOffset Seconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds());
}
