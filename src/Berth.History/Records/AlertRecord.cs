namespace Berth.History;

/// <summary>Something that a person had to be told.</summary>
public sealed record AlertRecord
{
    /// <summary>Identity; written again with more (resolved, acknowledged) it is the same alert.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>When it began.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Stable name, e.g. <c>HistoryLost</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>info, warning or critical.</summary>
    public string Severity { get; init; } = "";

    /// <summary>What it is about: a task's uid, a pool, a pod.</summary>
    public string Subject { get; init; } = "";

    /// <summary>What it means and what to do.</summary>
    public string Message { get; init; } = "";

    /// <summary>More, as JSON.</summary>
    public string? DetailJson { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Who said "I know".</summary>
    public string? AcknowledgedBy { get; init; }
}
