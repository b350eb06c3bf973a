using System.Text.Json.Serialization;

namespace Berth.Protocol.Runner;

/// <summary>
/// One control message between agent and runner over the slot's Unix socket. The runner speaks first (<see cref="RunnerHello"/>),
/// the agent answers <see cref="RunnerWelcome"/>. Unknown types are ignored.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = true)]
[JsonDerivedType(typeof(RunnerHello), "hello")]
[JsonDerivedType(typeof(RunnerWelcome), "welcome")]
[JsonDerivedType(typeof(FreshDirectory), "fresh")]
[JsonDerivedType(typeof(SweepDirectories), "sweep")]
[JsonDerivedType(typeof(PutFile), "put")]
[JsonDerivedType(typeof(ReadFile), "read")]
[JsonDerivedType(typeof(FileOpened), "opened")]
[JsonDerivedType(typeof(ReadTree), "readTree")]
[JsonDerivedType(typeof(UnpackTree), "unpackTree")]
[JsonDerivedType(typeof(SaveWanted), "saveWanted")]
[JsonDerivedType(typeof(SaveDone), "saveDone")]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(StartStep), "start")]
[JsonDerivedType(typeof(AttachStep), "attach")]
[JsonDerivedType(typeof(StepStarted), "started")]
[JsonDerivedType(typeof(AckOutput), "ack")]
[JsonDerivedType(typeof(EndStep), "end")]
[JsonDerivedType(typeof(StepEnded), "ended")]
[JsonDerivedType(typeof(ForgetStep), "forget")]
[JsonDerivedType(typeof(RunnerDraining), "draining")]
[JsonDerivedType(typeof(LeaveSlot), "leave")]
public record RunnerMessage;

/// <summary>First message of a runner on every connection.</summary>
public sealed record RunnerHello : RunnerMessage
{
    /// <summary>Version of this protocol.</summary>
    public int Version { get; init; } = RunnerWire.Version;

    /// <summary>Slot the runner serves.</summary>
    public int Slot { get; init; }

    /// <summary>Random secret made once per runner process. It never leaves the runner's memory but on this socket: who knows it is the runner.</summary>
    public string Nonce { get; init; } = "";

    /// <summary>The step the runner holds: running, or over and not yet forgotten.</summary>
    public StepState? Step { get; init; }

    /// <summary>Whether the slot's container was asked to end.</summary>
    public bool Draining { get; init; }
}

/// <summary>The step a runner holds.</summary>
public sealed record StepState
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>When its process started.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>The agent takes this runner, or says why not; then the connection ends.</summary>
public sealed record RunnerWelcome : RunnerMessage
{
    /// <summary>Why the runner is not taken; null when it is.</summary>
    public string? Refused { get; init; }
}

/// <summary>Empty the slot's work directory and make this directory in it. Answered by <see cref="Done"/>.</summary>
public sealed record FreshDirectory : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Name of the directory.</summary>
    public string Directory { get; init; } = "";
}

/// <summary>Remove every directory but these. Answered by <see cref="Done"/>.</summary>
public sealed record SweepDirectories : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Names to keep.</summary>
    public IReadOnlyList<string> Keep { get; init; } = [];
}

/// <summary>Write a file; its bytes follow in file frames of the same id. Answered by <see cref="Done"/>.</summary>
public sealed record PutFile : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Name of the directory.</summary>
    public string Directory { get; init; } = "";

    /// <summary>Path below it.</summary>
    public string Path { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>Send a file: <see cref="FileOpened"/>, its bytes in file frames, then <see cref="Done"/>; or <see cref="Done"/> with an error.</summary>
public sealed record ReadFile : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Name of the directory.</summary>
    public string Directory { get; init; } = "";

    /// <summary>Path below it.</summary>
    public string Path { get; init; } = "";

    /// <summary>A larger file is an error.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;
}

/// <summary>The file exists and is a regular file below the directory.</summary>
public sealed record FileOpened : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>A request is done.</summary>
public sealed record Done : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the error means that the file is not there.</summary>
    public bool Missing { get; init; }
}
