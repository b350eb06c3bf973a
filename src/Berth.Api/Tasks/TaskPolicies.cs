using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Who approves.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApprovalMode>))]
public enum ApprovalMode
{
    /// <summary>A person, by an Approval.</summary>
    Manual,

    /// <summary>Nobody: the plan is applied as soon as it is there, where the pool allows it.</summary>
    Auto,
}

/// <summary>When a replan needs a new approval.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Reapproval>))]
public enum Reapproval
{
    /// <summary>Only if the new plan says something else than the approved one.</summary>
    IfChanged,

    /// <summary>Every time.</summary>
    Always,
}

/// <summary>Approval of a plan.</summary>
public sealed record ApprovalPolicy
{
    /// <summary>Manual or Auto.</summary>
    [Default("\"Manual\"")]
    public ApprovalMode Mode { get; init; }

    /// <summary>How long a plan waits for its approval before the task expires.</summary>
    [Default("\"168h\""), Duration]
    public string? Timeout { get; init; }

    /// <summary>How long an approval may be used.</summary>
    [Default("\"24h\""), Duration]
    public string? ValidFor { get; init; }

    /// <summary>IfChanged or Always.</summary>
    [Default("\"IfChanged\"")]
    public Reapproval Reapproval { get; init; }

    /// <summary>The approver must not be the one who asked for the task.</summary>
    [Default("false")]
    public bool DistinctApprover { get; init; }
}

/// <summary>Retries of commands that fail. Losses of pods are counted apart (see recovery).</summary>
public sealed record RetryPolicy
{
    /// <summary>How often a failing plan (or prepare) is tried again. An apply that failed is never repeated by itself.</summary>
    [Default("3"), Bounds(Minimum = 0, Maximum = 100)]
    public int Limit { get; set; } = 3;

    /// <summary>Pauses between tries.</summary>
    [Default("{}")]
    public BackoffPolicy Backoff { get; init => field = value ?? new(); } = new();

    /// <summary>Exit codes that no retry can mend.</summary>
    [ListSet, Bounds(MaxItems = 32)]
    public IReadOnlyList<int>? PermanentExitCodes { get; init; }
}

/// <summary>Doubling pauses with 10 % jitter.</summary>
public sealed record BackoffPolicy
{
    /// <summary>First pause.</summary>
    [Default("\"2s\""), Duration]
    public string? Initial { get; init; }

    /// <summary>Longest pause.</summary>
    [Default("\"5m\""), Duration]
    public string? Max { get; init; }
}

/// <summary>What a lost reservation leads to.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OnReservationLost>))]
public enum OnReservationLost
{
    /// <summary>Take another slot and restore the verified plan there; plan again only where that is impossible.</summary>
    ReReserve,

    /// <summary>Plan again.</summary>
    Replan,
}

/// <summary>What a lost apply leads to, once it is proved dead.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OnApplyLost>))]
public enum OnApplyLost
{
    /// <summary>Wait for a person to say what became of it.</summary>
    Hold,

    /// <summary>Plan again, with a new approval.</summary>
    Replan,
}

/// <summary>Behaviour when pods vanish.</summary>
public sealed record RecoveryPolicy
{
    /// <summary>ReReserve or Replan.</summary>
    [Default("\"ReReserve\"")]
    public OnReservationLost OnReservationLost { get; init; }

    /// <summary>Hold or Replan.</summary>
    [Default("\"Hold\"")]
    public OnApplyLost OnApplyLost { get; init; }

    /// <summary>How often losses may send the task back to planning before it is dead-lettered.</summary>
    [Default("3"), Bounds(Minimum = 0, Maximum = 100)]
    public int ResetLimit { get; set; } = 3;
}

/// <summary>What to do about a command that prints nothing.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StuckAction>))]
public enum StuckAction
{
    /// <summary>Say so.</summary>
    Alert,

    /// <summary>Stop the task.</summary>
    Stop,
}

/// <summary>Detection of commands that make no progress.</summary>
public sealed record StuckPolicy
{
    /// <summary>How long a running command may print nothing.</summary>
    [Default("\"10m\""), Duration]
    public string? After { get; init; }

    /// <summary>Alert or Stop.</summary>
    [Default("\"Alert\"")]
    public StuckAction Action { get; init; }
}
