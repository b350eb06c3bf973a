using Berth.Api;

namespace Berth.History;

/// <summary>What became of a call of <see cref="HistoryStore.WriteTransitionsAsync"/>; all of it is committed.</summary>
public sealed record TransitionsWritten
{
    /// <summary>By task uid: every entry up to this number is stored. A gap is never acknowledged beyond.</summary>
    public IReadOnlyDictionary<string, long> Acknowledged { get; init; } = new Dictionary<string, long>();

    /// <summary>Rows that are new.</summary>
    public int Inserted { get; init; }

    /// <summary>Entries that differ from what is stored under the same number. What was stored first stays. Each is an alarm; an alert is stored with both.</summary>
    public IReadOnlyList<TransitionDifference> Differences { get; init; } = [];

    /// <summary>Entries that were acknowledged once and are gone from the database. Each is an alarm; an alert is stored.</summary>
    public IReadOnlyList<TransitionLoss> Lost { get; init; } = [];
}

/// <summary>Two different entries under one number.</summary>
public sealed record TransitionDifference
{
    /// <summary>Task uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Number.</summary>
    public long Seq { get; init; }

    /// <summary>The one that stays.</summary>
    public OutboxEntry Stored { get; init; } = new();

    /// <summary>The one that was offered.</summary>
    public OutboxEntry Offered { get; init; } = new();
}

/// <summary>A range of numbers that the database once had and has no more.</summary>
public sealed record TransitionLoss
{
    /// <summary>Task uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>First number.</summary>
    public long From { get; init; }

    /// <summary>Last number.</summary>
    public long To { get; init; }
}
