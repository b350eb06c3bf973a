namespace Berth.History;

/// <summary>What a cleanup removed, or would remove.</summary>
public sealed record CleanupReport
{
    /// <summary>Whether nothing was touched.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether nothing was done because another cleanup does the same work at this moment.</summary>
    public bool AlreadyUnderWay { get; init; }

    /// <summary>By table, in the order of work.</summary>
    public IReadOnlyList<CleanupStep> Steps { get; init; } = [];

    /// <summary>Partitions made ahead.</summary>
    public IReadOnlyList<string> PartitionsMade { get; init; } = [];

    /// <summary>Rows in all.</summary>
    public long Rows => Steps.Sum(s => s.Rows);
}

/// <summary>What was removed from one table.</summary>
/// <param name="Table">Table.</param>
/// <param name="Rows">Rows removed one by one, and those of dropped partitions.</param>
/// <param name="PartitionsDropped">Partitions of which nothing was to be kept.</param>
public sealed record CleanupStep(string Table, long Rows, IReadOnlyList<string> PartitionsDropped);
