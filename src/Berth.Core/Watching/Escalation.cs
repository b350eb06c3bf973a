using System.Globalization;
using Berth.Api;

namespace Berth.Core.Watching;

/// <summary>What an escalation is about.</summary>
public enum EscalationKind
{
    /// <summary>A task stands still until a person does something.</summary>
    Stalled,

    /// <summary>An apply or run was lost under way.</summary>
    ApplyLost,

    /// <summary>A task was given up.</summary>
    DeadLettered,

    /// <summary>A pool can run nothing.</summary>
    PoolNotReady,

    /// <summary>A plan expires soon unless somebody decides.</summary>
    ApprovalExpiring,
}

/// <summary>
/// Something that a person has to know, told when it has lasted a while and repeated at most twice, four hours apart. Which repetition is
/// due follows from the object alone, so a new leader goes on where the one before stopped.
/// </summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Reason">The object's reason.</param>
/// <param name="Message">The object's message.</param>
/// <param name="Since">When it began.</param>
/// <param name="First">When it is told first. Later ones count from here.</param>
/// <param name="AcknowledgedAt">When a person said that it is known.</param>
public sealed record Escalation(EscalationKind Kind, EscalationLevel Level, string Reason, string Message, DateTimeOffset Since, DateTimeOffset First, DateTimeOffset? AcknowledgedAt)
{
    /// <summary>How often it is repeated.</summary>
    public const int Repetitions = 2;

    /// <summary>Time between two.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromHours(4);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ReminderBefore = TimeSpan.FromHours(4);

    /// <summary>Whether a person knows. What begins later sounds again.</summary>
    public bool Acknowledged => AcknowledgedAt >= Since;

    /// <summary>The tellings that fell due after one moment and up to another: 0 is the first, then the repetitions.</summary>
    public IEnumerable<int> Due(DateTimeOffset after, DateTimeOffset upTo)
    {
        if (Acknowledged) yield break;
        var repetitions = Kind == EscalationKind.ApprovalExpiring ? 0 : Repetitions;
        // The move itself told of these at once.
        for (var n = Kind is EscalationKind.ApplyLost or EscalationKind.DeadLettered ? 1 : 0; n <= repetitions; n++)
        {
            var at = First + (n * Every);
            if (at > after && at <= upTo) yield return n;
        }
    }

    /// <summary>What a task escalates; null if nothing.</summary>
    public static Escalation? Of(TaskResource task)
    {
        var (status, known) = (task.Status, AcknowledgedOf(task.Metadata));
        if (task.Metadata.DeletionTimestamp is not null) return null;
        if (status.Phase == TaskPhase.ApplyPending && Expiring(task, known) is { } expiring) return expiring;
        if (status.Conditions.FirstOrDefault(c => c is { Type: "Stalled", Status: ConditionStatus.True }) is not { } stalled) return null;
        var reason = status.Reason ?? stalled.Reason;
        var kind = status.Phase switch { TaskPhase.ApplyLost => EscalationKind.ApplyLost, TaskPhase.DeadLettered => EscalationKind.DeadLettered, _ => EscalationKind.Stalled };
        var first = kind == EscalationKind.Stalled ? stalled.LastTransitionTime + Patience : stalled.LastTransitionTime;
        return new Escalation(kind, EscalationLevels.Of(reason), reason, status.Message ?? "", stalled.LastTransitionTime, first, known);
    }

    /// <summary>What a pool escalates; null if nothing.</summary>
    public static Escalation? Of(AgentPoolResource pool)
    {
        if (pool.Metadata.DeletionTimestamp is not null || pool.Status.Conditions.FirstOrDefault(c => c is { Type: "Ready", Status: ConditionStatus.False }) is not { } ready) return null;
        var level = EscalationLevels.Of(ready.Reason);
        return level < EscalationLevel.System ? null
            : new Escalation(EscalationKind.PoolNotReady, level, ready.Reason, ready.Message ?? "", ready.LastTransitionTime, ready.LastTransitionTime + Patience, AcknowledgedOf(pool.Metadata));
    }

    /// <summary>When a plan that nobody decided on expires; null where none waits.</summary>
    public static DateTimeOffset? ExpiryOf(TaskResource task) =>
        task.Status is { Phase: TaskPhase.ApplyPending, Grant: null, Plan: { } plan } && task.Spec.Approval?.Mode != ApprovalMode.Auto
            ? plan.At + Durations.Or(task.Spec.Approval?.Timeout, TimeSpan.FromHours(168)) : null;

    private static Escalation? Expiring(TaskResource task, DateTimeOffset? known)
    {
        if (ExpiryOf(task) is not { } expires || task.Status.Plan is not { } plan) return null;
        // Four hours before, or at three quarters of a shorter time.
        var lead = TimeSpan.FromTicks(Math.Min(ReminderBefore.Ticks, (expires - plan.At).Ticks / 4));
        var (name, ns) = (task.Metadata.Name, task.Metadata.Namespace);
        var message = $"{plan.Summary} expires at {expires:u} unless somebody decides: berth plan {name} -n {ns}, then berth approve {name} -n {ns} or berth reject {name} -n {ns}";
        return new Escalation(EscalationKind.ApprovalExpiring, EscalationLevel.System, Reasons.ApprovalExpiring, message, plan.At, expires - lead, known);
    }

    /// <summary>A value that is no time acknowledges nothing.</summary>
    private static DateTimeOffset? AcknowledgedOf(ResourceMeta meta) =>
        meta.Annotations?.GetValueOrDefault(Names.AcknowledgedAnnotation) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
