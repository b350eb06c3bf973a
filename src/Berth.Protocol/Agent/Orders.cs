using System.Text.Json.Serialization;
using Berth.Api;

namespace Berth.Protocol;

/// <summary>An order of the leader. Agents refuse one whose epoch is lower than the highest they have obeyed.</summary>
public abstract record Order : Frame
{
    /// <summary>Epoch of the leader that gives the order.</summary>
    public long Epoch { get; init; }
}

/// <summary>Start this attempt. At most once, ever: an id that is in the journal is never started again.</summary>
public sealed record Assign : Order
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Plan, Restore, Apply or Run.</summary>
    public AttemptKind Kind { get; init; }

    /// <summary>Slot.</summary>
    public int Slot { get; init; }

    /// <summary>Boot number of the slot's runner that the attempt was ordered for; 0 if it does not matter. Under another one it must never start: a later boot is what proves it dead.</summary>
    public long RunnerBoot { get; init; }

    /// <summary>Namespace of the task.</summary>
    public string Namespace { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the task.</summary>
    public string Task { get; init => field = value ?? ""; } = "";

    /// <summary>Uid of the task.</summary>
    public string TaskUid { get; init => field = value ?? ""; } = "";

    /// <summary>Run of the task.</summary>
    public int Run { get; init; }

    /// <summary>Workspace.</summary>
    public string Workspace { get; init => field = value ?? ""; } = "";

    /// <summary>Files put into a fresh directory (Plan, Restore, Run), by relative path; content in base64.</summary>
    public IReadOnlyDictionary<string, byte[]>? Files { get; init; }

    /// <summary>Digests of those files; the agent checks them before it starts anything.</summary>
    public IReadOnlyDictionary<string, string>? FileDigests { get; init; }

    /// <summary>Command that makes a fresh directory ready (Plan, Restore, Run).</summary>
    public CommandOrder? Prepare { get; init; }

    /// <summary>The command itself; none for Restore.</summary>
    public CommandOrder? Command { get; init; }

    /// <summary>Environment of prepare and command: literals and ConfigMap values.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>Environment from Secrets; its values are masked in all output.</summary>
    public IReadOnlyDictionary<string, string>? SecretEnv { get; init; }

    /// <summary>Declared patterns that are masked in all output besides.</summary>
    public IReadOnlyList<string>? Mask { get; init; }

    /// <summary>Files to hash and upload after a successful plan.</summary>
    public IReadOnlyList<string>? Artifacts { get; init; }

    /// <summary>How the plan is described.</summary>
    public PlanDescriber Describe { get; init; }

    /// <summary>Command of the Command describer.</summary>
    public IReadOnlyList<string>? DescribeCommand { get; init; }

    /// <summary>Exit codes of plan that mean planned or nothing to do; empty means only 0.</summary>
    public IReadOnlyList<int>? SuccessExitCodes { get; init; }

    /// <summary>Restore: files to fetch, verify and put into the directory. Apply: files that must be there with these digests.</summary>
    public IReadOnlyList<FileDigest>? Restore { get; init; }

    /// <summary>Apply and Restore: the plan attempt whose directory this must be (Apply) or will become (Restore).</summary>
    public string? Directory { get; init; }

    /// <summary>Apply: canonical manifest. The agent computes its digest and holds command, environment and artifacts against it.</summary>
    public string? Manifest { get; init; }

    /// <summary>Apply: the digest that the grant covers; it must be the manifest's.</summary>
    public string? RunDigest { get; init; }

    /// <summary>Plan and Run: how the command's state is saved; null if it is not.</summary>
    public CheckpointOrder? Checkpoint { get; init; }

    /// <summary>Seconds between TERM and KILL when the attempt is ended.</summary>
    public int GraceSeconds { get; init; } = 30;

    /// <summary>W3C trace context for the command's environment (TRACEPARENT).</summary>
    public string? TraceParent { get; init; }
}

/// <summary>A command and its limit.</summary>
public sealed record CommandOrder
{
    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string> Argv { get; init => field = value ?? []; } = [];

    /// <summary>Limit in seconds; 0 is none.</summary>
    public int TimeoutSeconds { get; init; }
}

/// <summary>The result is durable: the agent may forget it (it keeps the id).</summary>
public sealed record Ack : Order
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";
}

/// <summary>End this attempt: TERM, grace, KILL of everything in the slot; then report its result.</summary>
public sealed record Cancel : Order
{
    /// <summary>Id of the attempt. If it is not in the journal the agent records it as cancelled, so that a late assign cannot start it.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Slot it was meant for.</summary>
    public int Slot { get; init; }

    /// <summary>For people.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>Seconds between TERM and KILL.</summary>
    public int GraceSeconds { get; init; } = 30;
}

/// <summary>The working directory of this slot is no longer needed; the slot becomes idle.</summary>
public sealed record Release : Order
{
    /// <summary>Slot.</summary>
    public int Slot { get; init; }

    /// <summary>The directory that is meant; another one is left alone.</summary>
    public string Directory { get; init => field = value ?? ""; } = "";
}

/// <summary>Take no new work, or take it again.</summary>
public sealed record Drain : Order
{
    /// <summary>Whether new work is refused.</summary>
    public bool On { get; init; }
}

/// <summary>Output up to this offset is in the database.</summary>
public sealed record OutputAck : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Offset of the first byte not yet stored.</summary>
    public long Offset { get; init; }
}

/// <summary>Are you there? Sent by the leader.</summary>
public sealed record Ping : Frame
{
    /// <summary>Echoed in the answer.</summary>
    public long Nonce { get; init; }
}
