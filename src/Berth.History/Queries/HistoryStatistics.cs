namespace Berth.History;

/// <summary>Numbers over the tasks that a filter chooses.</summary>
public sealed record HistoryStatistics
{
    /// <summary>Tasks.</summary>
    public long Tasks { get; init; }

    /// <summary>Tasks by phase.</summary>
    public IReadOnlyDictionary<string, long> ByPhase { get; init; } = new Dictionary<string, long>();

    /// <summary>Succeeded among those that ended, 0 to 1; null while none has ended.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>Seconds spent per phase.</summary>
    public IReadOnlyList<StageTime> Stages { get; init; } = [];

    /// <summary>The most frequent reasons of transitions into phases that are not success.</summary>
    public IReadOnlyList<ReasonCount> TopReasons { get; init; } = [];
}

/// <summary>How long tasks stayed in a phase.</summary>
/// <param name="Phase">Phase.</param>
/// <param name="Count">Stays.</param>
/// <param name="P50Seconds">Half of them were shorter.</param>
/// <param name="P95Seconds">95 of 100 were shorter.</param>
/// <param name="MaxSeconds">The longest.</param>
public sealed record StageTime(string Phase, long Count, double P50Seconds, double P95Seconds, double MaxSeconds);

/// <summary>How often a reason was given.</summary>
/// <param name="Reason">Reason.</param>
/// <param name="Count">Times.</param>
public sealed record ReasonCount(string Reason, long Count);
