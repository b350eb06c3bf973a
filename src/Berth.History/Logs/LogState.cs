namespace Berth.History;

/// <summary>What is known of an attempt's log.</summary>
public sealed record LogState
{
    /// <summary>Attempt.</summary>
    public string Attempt { get; init; } = "";

    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>Bytes taken from the sender and committed: the next offset to send. This is what may be acknowledged.</summary>
    public long Received { get; init; }

    /// <summary>Bytes that can be read; less than <see cref="Received"/> once the limit was met.</summary>
    public long Stored { get; init; }

    /// <summary>Whether the sender said that nothing more will come.</summary>
    public bool Complete { get; init; }

    /// <summary>Bytes that the sender left out itself.</summary>
    public long Dropped { get; init; }

    /// <summary>Whether part of the output is not here.</summary>
    public bool Truncated => Dropped > 0 || Received > Stored;
}

/// <summary>Output to append: bytes of an attempt from an offset on.</summary>
public sealed record LogAppend
{
    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>Attempt.</summary>
    public string Attempt { get; init; } = "";

    /// <summary>Offset of the first byte.</summary>
    public long Offset { get; init; }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }
}

/// <summary>A piece of a log.</summary>
/// <param name="Offset">Offset of the first byte.</param>
/// <param name="Bytes">The bytes.</param>
public readonly record struct LogPiece(long Offset, ReadOnlyMemory<byte> Bytes);
