using System.Text.Json.Serialization;
using Berth.Api;

namespace Berth.Protocol;

/// <summary>
/// One message between operator and agent: a JSON text frame with its <c>type</c>. An unknown type arrives as this base
/// record and is ignored, so that one side may be newer than the other.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = true)]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Redirect), "redirect")]
[JsonDerivedType(typeof(Assign), "assign")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Output), "output")]
[JsonDerivedType(typeof(OutputAck), "outputAck")]
[JsonDerivedType(typeof(AttemptResult), "result")]
[JsonDerivedType(typeof(Uploaded), "uploaded")]
[JsonDerivedType(typeof(Ack), "ack")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(Release), "release")]
[JsonDerivedType(typeof(Drain), "drain")]
[JsonDerivedType(typeof(SaveCheckpoint), "saveCheckpoint")]
[JsonDerivedType(typeof(CheckpointStored), "checkpointStored")]
[JsonDerivedType(typeof(Resumed), "resumed")]
[JsonDerivedType(typeof(Inventory), "inventory")]
[JsonDerivedType(typeof(Ping), "ping")]
[JsonDerivedType(typeof(Pong), "pong")]
public record Frame;

/// <summary>Facts about the protocol.</summary>
public static class ProtocolFacts
{
    /// <summary>Version spoken here. A peer one version away is understood.</summary>
    public const int Version = 1;

    /// <summary>WebSocket path on the gateway.</summary>
    public const string ConnectPath = "/agent/v1/connect";

    /// <summary>Largest frame in bytes; a larger one ends the connection.</summary>
    public const int MaxFrameBytes = 4 * 1024 * 1024;

    /// <summary>Largest piece of output in one frame, before encoding.</summary>
    public const int MaxOutputBytes = 64 * 1024;

    /// <summary>Output that may be sent ahead of its acknowledgement, per attempt.</summary>
    public const int OutputWindowBytes = 1024 * 1024;

    /// <summary>
    /// Path of an artifact of one attempt. PUT stores it (201, or 200 when it is there already; 503 with Retry-After while the
    /// database is away); GET fetches one that the attempt was told to restore. Query <c>kind</c> is artifact, text or json;
    /// <c>path</c> is the file's path below the working directory.
    /// </summary>
    public static string ArtifactPath(string attempt, string digest) => $"/agent/v1/attempts/{attempt}/artifacts/{digest}";

    /// <summary>
    /// Checkpoints of one attempt's task. GET lists what the attempt may begin with (<see cref="CheckpointOffers"/>); GET with a digest below
    /// it fetches one; PUT with a number below it and query <c>digest</c> stores one.
    /// </summary>
    public static string CheckpointsPath(string attempt) => $"/agent/v1/attempts/{attempt}/checkpoints";
}

/// <summary>First frame of an agent on every connection.</summary>
public sealed record Hello : Frame
{
    /// <summary>Protocol version of the agent.</summary>
    public int Protocol { get; init; } = ProtocolFacts.Version;

    /// <summary>Version of the agent's program.</summary>
    public string AgentVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Namespace of the pod.</summary>
    public string Namespace { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the pod.</summary>
    public string Pod { get; init => field = value ?? ""; } = "";

    /// <summary>Uid of the pod.</summary>
    public string PodUid { get; init => field = value ?? ""; } = "";

    /// <summary>Node.</summary>
    public string Node { get; init => field = value ?? ""; } = "";

    /// <summary>Boot id of the node as the agent reads it.</summary>
    public string NodeBootId { get; init => field = value ?? ""; } = "";

    /// <summary>Everything the agent holds.</summary>
    public Inventory Inventory { get; init => field = value ?? new(); } = new();

    /// <summary>Address of a leader to which the agent was sent and which it cannot reach; empty if there is none. Who gets this waits for another
    /// leader instead of sending the agent there again.</summary>
    public string Unreachable { get; init => field = value ?? ""; } = "";
}

/// <summary>The leader takes the connection.</summary>
public sealed record Welcome : Frame
{
    /// <summary>Protocol version of the operator.</summary>
    public int Protocol { get; init; } = ProtocolFacts.Version;

    /// <summary>Epoch of the leader. The agent refuses orders of a lower one from now on.</summary>
    public long Epoch { get; init; }

    /// <summary>Identity of the leader.</summary>
    public string Leader { get; init => field = value ?? ""; } = "";

    /// <summary>Seconds between pings; three missed ones end the connection.</summary>
    public int PingSeconds { get; init; } = 10;
}

/// <summary>This replica does not lead; the connection ends after this frame.</summary>
public sealed record Redirect : Frame
{
    /// <summary>host:port of the leader's gateway; empty when nobody is known to lead.</summary>
    public string Address { get; init => field = value ?? ""; } = "";
}

/// <summary>What an agent holds: sent in hello, every 60 s, and whenever a slot's runner comes or goes.</summary>
public sealed record Inventory : Frame
{
    /// <summary>Highest epoch the agent has obeyed.</summary>
    public long HighestEpoch { get; init; }

    /// <summary>Slots by index.</summary>
    public IReadOnlyList<SlotInventory> Slots { get; init => field = value ?? []; } = [];

    /// <summary>Attempts in the journal whose result is not acknowledged, and the last acknowledged one of each slot.</summary>
    public IReadOnlyList<AttemptInventory> Attempts { get; init => field = value ?? []; } = [];

    /// <summary>Whether new work is refused (journal unwritable, disk full, ending); the reason is for people.</summary>
    public string? Unavailable { get; init; }

    /// <summary>Whether the pod was asked to end.</summary>
    public bool Draining { get; init; }
}

/// <summary>One slot as its agent sees it.</summary>
public sealed record SlotInventory
{
    /// <summary>Index.</summary>
    public int Index { get; init; }

    /// <summary>Whether the slot's runner is connected.</summary>
    public bool Ready { get; init; }

    /// <summary>Number of times a new runner process came up in this slot, from the journal; grows with every restart.</summary>
    public long RunnerBoot { get; init; }

    /// <summary>The attempt that may be running here.</summary>
    public string? Attempt { get; init; }

    /// <summary>The plan or restore attempt whose working directory is kept here.</summary>
    public string? Directory { get; init; }

    /// <summary>Uid of the task that directory belongs to.</summary>
    public string? DirectoryTask { get; init; }
}

/// <summary>State of an attempt in the agent's journal.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptState>))]
public enum AttemptState
{
    /// <summary>In the journal; may or may not have started.</summary>
    Accepted,

    /// <summary>Started.</summary>
    Started,

    /// <summary>Over; the result is kept until acknowledged.</summary>
    Finished,

    /// <summary>Over and acknowledged.</summary>
    Acknowledged,
}

/// <summary>One attempt as its agent knows it.</summary>
public sealed record AttemptInventory
{
    /// <summary>Id.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Slot.</summary>
    public int Slot { get; init; }

    /// <summary>Boot number of the slot's runner under which it ran.</summary>
    public long RunnerBoot { get; init; }

    /// <summary>State.</summary>
    public AttemptState State { get; init; }

    /// <summary>Whether a process of it may still run. False once the runner said it ended, or a later runner boot was seen.</summary>
    public bool MayRun { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it last printed something.</summary>
    public DateTimeOffset? LastOutputAt { get; init; }

    /// <summary>Its result, once there is one.</summary>
    public AttemptResult? Result { get; init; }

    /// <summary>Whether every artifact of it was taken by the operator.</summary>
    public bool Uploaded { get; init; }

    /// <summary>Bytes of output not yet acknowledged.</summary>
    public long UnacknowledgedOutput { get; init; }
}
