using Berth.Api;

namespace Berth.Core.Fencing;

/// <summary>What the agent of one pod (by uid) told this leader.</summary>
public sealed record AgentFacts
{
    /// <summary>Whether it is connected now.</summary>
    public bool Connected { get; init; }

    /// <summary>Since when it has been silent; null while connected.</summary>
    public DateTimeOffset? SilentSince { get; init; }

    /// <summary>Why it takes no new work; null if it does.</summary>
    public string? Unavailable { get; init; }

    /// <summary>Slots by index.</summary>
    public IReadOnlyDictionary<int, AgentSlot> Slots { get; init; } = new Dictionary<int, AgentSlot>();

    /// <summary>Attempts by id.</summary>
    public IReadOnlyDictionary<string, AgentAttempt> Attempts { get; init; } = new Dictionary<string, AgentAttempt>();
}

/// <summary>One slot as its agent sees it.</summary>
public sealed record AgentSlot(int Index, bool Ready, long RunnerBoot, string? Attempt, string? Directory, string? DirectoryTask);

/// <summary>One attempt as its agent knows it.</summary>
public sealed record AgentAttempt
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether a process of it may still run.</summary>
    public bool MayRun { get; init; }

    /// <summary>When its first process started, by the node's clock.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it last printed something.</summary>
    public DateTimeOffset? LastOutputAt { get; init; }

    /// <summary>Whether every artifact was taken by the operator.</summary>
    public bool Uploaded { get; init; }

    /// <summary>Set when the agent refused it: it never started and never will.</summary>
    public Refusal? Refused { get; init; }

    /// <summary>Its end, once known.</summary>
    public AttemptEnd? End { get; init; }

    /// <summary>Since when this leader has known its end.</summary>
    public DateTimeOffset? EndKnownAt { get; init; }
}

/// <summary>A refusal.</summary>
public sealed record Refusal(string Reason, string Message);

/// <summary>The end of an attempt, with all its processes dead.</summary>
public sealed record AttemptEnd
{
    /// <summary>How it ended.</summary>
    public EndKind Kind { get; init; }

    /// <summary>Exit code, if the command ended by itself.</summary>
    public int? ExitCode { get; init; }

    /// <summary>For people.</summary>
    public string? Message { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What plan made.</summary>
    public PlanStatus? Plan { get; init; }

    /// <summary>Processor time of all its processes in milliseconds; decides nothing.</summary>
    public long? CpuMilliseconds { get; init; }

    /// <summary>The most memory that one of its processes had resident, in KiB; decides nothing.</summary>
    public long? MaxMemoryKiB { get; init; }

    /// <summary>Where the time went, for the trace; decides nothing.</summary>
    public IReadOnlyList<AttemptStage> Stages { get; init; } = [];
}

/// <summary>One stage of an attempt, by the node's clock.</summary>
/// <param name="Name">Which.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it was over.</param>
public sealed record AttemptStage(string Name, DateTimeOffset Since, DateTimeOffset Until);

/// <summary>How an attempt ended, as the agent says.</summary>
public enum EndKind
{
    /// <summary>The command ended with a code that counts as success.</summary>
    Succeeded,

    /// <summary>The command ended with another code.</summary>
    Failed,

    /// <summary>It ran past its limit.</summary>
    TimedOut,

    /// <summary>Ended on request.</summary>
    Stopped,

    /// <summary>Prepare failed; the command was not started.</summary>
    PrepareFailed,

    /// <summary>The command could not be started.</summary>
    CannotStart,

    /// <summary>Plan ran, but an artifact is missing or the describer failed.</summary>
    DescribeFailed,

    /// <summary>A stored artifact could not be put back, or was not what it should be.</summary>
    RestoreFailed,

    /// <summary>The slot's container was restarted under it.</summary>
    RunnerLost,
}
