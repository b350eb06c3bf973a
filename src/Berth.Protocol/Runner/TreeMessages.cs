namespace Berth.Protocol.Runner;

/// <summary>Names of the checkpoint directory.</summary>
public static class CheckpointFiles
{
    /// <summary>A command that makes this file in its checkpoint directory asks for a save; the file goes when the save is safe with the agent.</summary>
    public const string SaveRequest = ".save";
}

/// <summary>
/// Send the regular files below a directory as one tar, while its command may run: bytes in file frames, then <see cref="Done"/>. The same
/// files make the same bytes. Links and special files are left out.
/// </summary>
public sealed record ReadTree : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Name of the directory.</summary>
    public string Directory { get; init; } = "";

    /// <summary>A larger tar is an error.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;
}

/// <summary>Make this directory anew, from a tar that was put into another one and is removed. Answered by <see cref="Done"/>.</summary>
public sealed record UnpackTree : RunnerMessage
{
    /// <summary>Id of the request.</summary>
    public long Id { get; init; }

    /// <summary>Name of the directory to make.</summary>
    public string Directory { get; init; } = "";

    /// <summary>Directory of the tar; null makes the directory empty.</summary>
    public string? From { get; init; }

    /// <summary>Path of the tar below it.</summary>
    public string Path { get; init; } = "";
}

/// <summary>The command of this step asks for a save.</summary>
public sealed record SaveWanted : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>Which request it is: when its file was made.</summary>
    public long Request { get; init; }
}

/// <summary>What the command asked for is safe: it may be told.</summary>
public sealed record SaveDone : RunnerMessage
{
    /// <summary>Id of the step.</summary>
    public string Step { get; init; } = "";

    /// <summary>The request that is answered. A later one stays: what it asks for may not be in this save.</summary>
    public long Request { get; init; }
}
