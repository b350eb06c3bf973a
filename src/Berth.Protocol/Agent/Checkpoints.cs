using Berth.Api;

namespace Berth.Protocol;

/// <summary>How the state of a command is saved.</summary>
public sealed record CheckpointOrder
{
    /// <summary>Seconds between two saves; 0 is only on demand and at an end without success.</summary>
    public int IntervalSeconds { get; init; }

    /// <summary>How many are kept, also by the agent while they cannot be uploaded.</summary>
    public int Keep { get; init; } = 10;

    /// <summary>Whether earlier checkpoints may exist: the agent asks for them before it starts anything.</summary>
    public bool Resume { get; init; }
}

/// <summary>Save the state of the running command now. The same request is answered once.</summary>
public sealed record SaveCheckpoint : Order
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Tells one request from the next.</summary>
    public string Request { get; init => field = value ?? ""; } = "";
}

/// <summary>A checkpoint is in the database.</summary>
public sealed record CheckpointStored : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Number within the attempt.</summary>
    public int Number { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>The request it answers; null for one that was due.</summary>
    public string? Request { get; init; }
}

/// <summary>What an attempt began with, where it had checkpoints to choose from.</summary>
public sealed record Resumed : Frame
{
    /// <summary>Id of the attempt.</summary>
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the checkpoint it began with; null when none could be used.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Those that could not be used, newest first, each with what is wrong.</summary>
    public IReadOnlyList<string> Skipped { get; init => field = value ?? []; } = [];
}

/// <summary>A checkpoint that an attempt may begin with.</summary>
public sealed record CheckpointOffer
{
    /// <summary>Name: number of the attempt, dash, number within it.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Digest of its bytes.</summary>
    public string Digest { get; init => field = value ?? ""; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>What an attempt may begin with, best first.</summary>
public sealed record CheckpointOffers
{
    /// <summary>The checkpoints.</summary>
    public IReadOnlyList<CheckpointOffer> Checkpoints { get; init => field = value ?? []; } = [];

    /// <summary>Whether a person named one: then the attempt must not begin from scratch.</summary>
    public bool Named { get; init; }
}
