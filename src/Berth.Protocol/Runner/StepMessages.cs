using System.Text.Json.Serialization;

namespace Berth.Protocol.Runner;

/// <summary>
/// Start a process and watch it. A step id that this runner has seen is never started again. Answered by <see cref="StepStarted"/>
/// and, once every process in the slot is dead, <see cref="StepEnded"/>.
/// </summary>
public sealed record StartStep : RunnerMessage
{
    /// <summary>Id: attempt, slash, name.</summary>
    public string Step { get; init; } = "";

    /// <summary>One-time token of the attempt; echoed in everything said about the step.</summary>
    public string Token { get; init; } = "";

    /// <summary>Name of the directory it runs in.</summary>
    public string Directory { get; init; } = "";

    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string> Argv { get; init; } = [];

    /// <summary>Environment on top of the container's own.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Environment from Secrets: masked where the runner echoes output.</summary>
    public IReadOnlyDictionary<string, string> SecretEnv { get; init; } = new Dictionary<string, string>();

    /// <summary>Declared patterns, masked besides.</summary>
    public IReadOnlyList<string> Mask { get; init; } = [];

    /// <summary>Name of the directory that is told to the command as BERTH_CHECKPOINT_DIR; null if it has none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Limit in seconds; 0 is none.</summary>
    public int TimeoutSeconds { get; init; }

    /// <summary>Seconds between TERM and KILL.</summary>
    public int GraceSeconds { get; init; }

    /// <summary>Whether the output is echoed to the runner's own (for kubectl logs).</summary>
    public bool Echo { get; init; } = true;
}

/// <summary>Take up a step after a reconnect: output is sent again from these offsets, then its end.</summary>
public sealed record AttachStep : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>First byte of standard output that is wanted.</summary>
    public long Stdout { get; init; }

    /// <summary>First byte of standard error that is wanted.</summary>
    public long Stderr { get; init; }
}

/// <summary>The process runs.</summary>
public sealed record StepStarted : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>Token of the attempt.</summary>
    public string Token { get; init; } = "";

    /// <summary>When, by the node's clock.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Output up to this offset of one stream is safe; the runner may forget it and read on.</summary>
public sealed record AckOutput : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>1 standard output, 2 standard error.</summary>
    public int Stream { get; init; }

    /// <summary>Offset of the first byte not yet safe.</summary>
    public long Offset { get; init; }
}

/// <summary>End the step: TERM, grace, KILL of everything in the slot.</summary>
public sealed record EndStep : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>Seconds between TERM and KILL.</summary>
    public int GraceSeconds { get; init; }
}

/// <summary>Why a step ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StepCause>))]
public enum StepCause
{
    /// <summary>Its process ended by itself, or by a signal that was not ours.</summary>
    Exited,

    /// <summary>It ran past its limit.</summary>
    TimedOut,

    /// <summary>The agent asked.</summary>
    Ended,

    /// <summary>The slot's container was asked to end, and the grace was used up.</summary>
    Shutdown,

    /// <summary>It was never started; the message says why.</summary>
    NotStarted,
}

/// <summary>The step is over and every process in the slot is dead. Kept, and sent after every attach, until forgotten.</summary>
public sealed record StepEnded : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>Token of the attempt.</summary>
    public string Token { get; init; } = "";

    /// <summary>Why.</summary>
    public StepCause Cause { get; init; }

    /// <summary>Exit code; 128 + n for a signal n.</summary>
    public int? ExitCode { get; init; }

    /// <summary>For people, when it was not started.</summary>
    public string? Message { get; init; }

    /// <summary>When the process started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last process was dead.</summary>
    public DateTimeOffset EndedAt { get; init; }

    /// <summary>CPU time of all processes in milliseconds.</summary>
    public long CpuMilliseconds { get; init; }

    /// <summary>Largest resident set of one process in KiB.</summary>
    public long MaxRssKiB { get; init; }
}

/// <summary>The end was taken; the runner is idle again.</summary>
public sealed record ForgetStep : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";
}

/// <summary>The slot's container was asked to end; the runner leaves when it is told, or when its grace is used up.</summary>
public sealed record RunnerDraining : RunnerMessage;

/// <summary>Nothing more is wanted from a draining runner.</summary>
public sealed record LeaveSlot : RunnerMessage;
