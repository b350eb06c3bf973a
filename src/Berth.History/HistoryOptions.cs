namespace Berth.History;

/// <summary>How the history talks to PostgreSQL and what it keeps at most.</summary>
public sealed record HistoryOptions
{
    /// <summary>How long a connection may take to open before the call fails.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one statement may take.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a migrator waits for another one that holds the lock.</summary>
    public TimeSpan MigrationLockTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one statement of a migration may take.</summary>
    public TimeSpan MigrationCommandTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Connections at most, unless the connection string says otherwise.</summary>
    public int MaxPoolSize { get; init; } = 16;

    /// <summary>Bytes of one chunk before compression, at most 1 MiB.</summary>
    public int ChunkBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of one attempt's log that are kept; what comes later is counted and left out.</summary>
    public long MaxLogBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of one artifact at most.</summary>
    public long MaxArtifactBytes { get; init; } = 1L << 30;

    /// <summary>Months for which partitions are made ahead.</summary>
    public int PartitionsAhead { get; init; } = 3;

    /// <summary>Keys for artifacts, checkpoints and logs at rest; without them they are stored plain.</summary>
    public EncryptionKeyRing? Keys { get; init; }

    /// <summary>Every value that makes no sense, with its name; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var wrong = new List<string>();
        if (ConnectTimeout < TimeSpan.FromSeconds(1)) wrong.Add("connectTimeout must be at least one second");
        if (CommandTimeout < TimeSpan.FromSeconds(1)) wrong.Add("commandTimeout must be at least one second");
        if (MaxPoolSize < 2) wrong.Add("maxPoolSize must be at least 2");
        if (ChunkBytes is < 1024 or > 1 << 20) wrong.Add("chunkBytes must be between 1024 and 1048576");
        if (MaxLogBytes < 0) wrong.Add("maxLogBytes must not be negative");
        if (MaxArtifactBytes < 1) wrong.Add("maxArtifactBytes must be at least 1");
        if (PartitionsAhead is < 1 or > 60) wrong.Add("partitionsAhead must be between 1 and 60");
        return wrong;
    }
}
