using Berth.Api;

namespace Berth.Core.Watching;

/// <summary>How much has to happen before something goes on.</summary>
public enum EscalationLevel
{
    /// <summary>Tried again quietly.</summary>
    Transient = 1,

    /// <summary>An agent, a pod or a slot is replaced; the work goes elsewhere.</summary>
    Agent = 2,

    /// <summary>A person has to do something; all other work goes on.</summary>
    System = 3,

    /// <summary>Something may be lost or done by halves: find out what is true, restore, verify, resume.</summary>
    Disaster = 4,
}

/// <summary>The level of each reason. What is not named here is transient, or no trouble at all.</summary>
public static class EscalationLevels
{
    private static readonly Dictionary<string, EscalationLevel> Levels = new(StringComparer.Ordinal)
    {
        [Reasons.SlotLost] = EscalationLevel.Agent,
        [Reasons.CrashLoop] = EscalationLevel.System,
        [Reasons.ImagePullFailed] = EscalationLevel.System,
        [Reasons.InvalidTemplate] = EscalationLevel.System,
        [Reasons.PodRefused] = EscalationLevel.System,
        [Reasons.RunnerIncompatible] = EscalationLevel.System,
        [Reasons.Unschedulable] = EscalationLevel.System,
        [Reasons.PoolNotFound] = EscalationLevel.System,
        [Reasons.PoolNotReady] = EscalationLevel.System,
        [Reasons.PolicyForbids] = EscalationLevel.System,
        [Reasons.InvalidSpec] = EscalationLevel.System,
        [Reasons.InputMissing] = EscalationLevel.System,
        [Reasons.SecretForbidden] = EscalationLevel.System,
        [Reasons.ApprovalPolicyMissing] = EscalationLevel.System,
        [Reasons.OutputSilent] = EscalationLevel.System,
        [Reasons.RetriesExhausted] = EscalationLevel.System,
        [Reasons.ResetsExhausted] = EscalationLevel.System,
        [Reasons.ApplyLost] = EscalationLevel.Disaster,
        [Reasons.ApplyOutcomeUnknown] = EscalationLevel.Disaster,
    };

    /// <summary>All that are more than transient.</summary>
    public static IReadOnlyDictionary<string, EscalationLevel> All => Levels;

    /// <summary>The level of a reason.</summary>
    public static EscalationLevel Of(string? reason) => reason is not null && Levels.TryGetValue(reason, out var level) ? level : EscalationLevel.Transient;
}
