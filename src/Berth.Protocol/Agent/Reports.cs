using System.Text.Json.Serialization;
using Berth.Api;

namespace Berth.Protocol;

/// <summary>Answer to a ping.</summary>
public sealed record Pong : Frame
{
    /// <summary>As in the ping.</summary>
    public long Nonce { get; init; }
}

/// <summary>The agent will not start this attempt, and it never has.</summary>
public sealed record Refused : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Stable reason; see <see cref="RefusalReasons"/>.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>For people.</summary>
    public string Message { get; init => field = value ?? ""; } = "";

    /// <summary>The agent's highest epoch, so that a leader behind it notices.</summary>
    public long HighestEpoch { get; init; }
}

/// <summary>Why agents refuse orders.</summary>
public static class RefusalReasons
{
    /// <summary>The order's epoch is lower than the highest obeyed one.</summary>
    public const string StaleEpoch = nameof(StaleEpoch);

    /// <summary>The slot is held by another attempt or another task's directory.</summary>
    public const string SlotTaken = nameof(SlotTaken);

    /// <summary>The attempt is in the journal already; its state follows in an inventory.</summary>
    public const string AlreadySeen = nameof(AlreadySeen);

    /// <summary>The journal cannot be written.</summary>
    public const string JournalUnwritable = nameof(JournalUnwritable);

    /// <summary>The slot's runner is not connected.</summary>
    public const string RunnerAbsent = nameof(RunnerAbsent);

    /// <summary>The slot's runner is not the one that the attempt was ordered for.</summary>
    public const string RunnerReplaced = nameof(RunnerReplaced);

    /// <summary>Manifest, files, command or environment do not match what was approved.</summary>
    public const string ManifestMismatch = nameof(ManifestMismatch);

    /// <summary>The plan's working directory is not in this slot.</summary>
    public const string DirectoryMissing = nameof(DirectoryMissing);

    /// <summary>The pod is draining.</summary>
    public const string Draining = nameof(Draining);

    /// <summary>The order makes no sense (bad slot, missing command).</summary>
    public const string Malformed = nameof(Malformed);
}

/// <summary>The attempt's first process was started.</summary>
public sealed record Started : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>When, by the node's clock.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>A piece of output.</summary>
public sealed record Output : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Offset of its first byte in the attempt's output (secrets already masked).</summary>
    public long Offset { get; init; }

    /// <summary>Bytes.</summary>
    public byte[] Data { get; init => field = value ?? []; } = [];

    /// <summary>Whether this is the end of the output.</summary>
    public bool End { get; init; }
}

/// <summary>How an attempt ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptOutcome>))]
public enum AttemptOutcome
{
    /// <summary>The command ended with a code that counts as success.</summary>
    Succeeded,

    /// <summary>The command ended with another code, or was ended by a signal that we did not send.</summary>
    Failed,

    /// <summary>It ran past its limit and was ended.</summary>
    TimedOut,

    /// <summary>It was ended on request.</summary>
    Stopped,

    /// <summary>Prepare failed; the command was not started.</summary>
    PrepareFailed,

    /// <summary>The command could not be started at all (not found, not executable).</summary>
    CannotStart,

    /// <summary>Plan ran, but an artifact is missing or the describer failed.</summary>
    DescribeFailed,

    /// <summary>Restore: an artifact could not be fetched or did not have its digest.</summary>
    RestoreFailed,

    /// <summary>The slot's runner vanished while it ran: its processes are dead with the container, its exit code is not known.</summary>
    RunnerLost,
}

/// <summary>The end of an attempt. Kept by the agent until acknowledged; all its processes are dead.</summary>
public sealed record AttemptResult : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Outcome.</summary>
    public AttemptOutcome Outcome { get; init; }

    /// <summary>Exit code; 128 + n for a signal n.</summary>
    public int? ExitCode { get; init; }

    /// <summary>For people: what failed and how, with the last line of output where that helps.</summary>
    public string? Message { get; init; }

    /// <summary>When the first process started, by the node's clock.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last process ended, by the node's clock.</summary>
    public DateTimeOffset EndedAt { get; init; }

    /// <summary>Total bytes of output.</summary>
    public long OutputBytes { get; init; }

    /// <summary>CPU time of all processes in milliseconds.</summary>
    public long CpuMilliseconds { get; init; }

    /// <summary>Largest resident set of one process in KiB.</summary>
    public long MaxRssKiB { get; init; }

    /// <summary>Plan: what was made.</summary>
    public PlanReport? Plan { get; init; }

    /// <summary>Where the time went, in order; without what an agent that was killed meanwhile took with it.</summary>
    public IReadOnlyList<StageReport>? Stages { get; init; }
}

/// <summary>One stage of an attempt, by the node's clock.</summary>
public sealed record StageReport
{
    /// <summary>Which; see <see cref="AttemptStages"/>.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset Until { get; init; }
}

/// <summary>Stages of an attempt.</summary>
public static class AttemptStages
{
    /// <summary>From its acceptance until its directory, files and checkpoint are in place.</summary>
    public const string SetUp = "set up";

    /// <summary>The prepare command.</summary>
    public const string Prepare = "prepare";

    /// <summary>The command.</summary>
    public const string Command = "command";

    /// <summary>Artifacts are taken out of the slot, and described.</summary>
    public const string Describe = "describe";

    /// <summary>A stored plan is put into the slot.</summary>
    public const string Restore = "restore";

    /// <summary>Artifacts go to the operator.</summary>
    public const string Upload = "upload";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [SetUp, Prepare, Command, Describe, Restore, Upload];
}

/// <summary>What a plan attempt made.</summary>
public sealed record PlanReport
{
    /// <summary>Artifacts with digests computed by the agent.</summary>
    public IReadOnlyList<FileDigest> Artifacts { get; init => field = value ?? []; } = [];

    /// <summary>Counts, where the describer knows them.</summary>
    public PlanCounts? Counts { get; init; }

    /// <summary>Digest of the plan text (an artifact of kind text).</summary>
    public string? TextDigest { get; init; }

    /// <summary>Size of the plan text.</summary>
    public long TextSize { get; init; }

    /// <summary>Digest of what the plan means; empty when it can never be called equal to another.</summary>
    public string? SemanticDigest { get; init; }

    /// <summary>Versions of tools.</summary>
    public IReadOnlyDictionary<string, string>? ToolVersions { get; init; }
}

/// <summary>Every artifact and the text of this plan attempt were taken by the operator.</summary>
public sealed record Uploaded : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>When the upload began, by the node's clock.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When all was taken.</summary>
    public DateTimeOffset? Until { get; init; }
}
