using System.Globalization;
using Berth.Api;

namespace Berth.History;

/// <summary>How long each kind of history is kept. Null keeps it for ever. What belongs to a task that has not ended is never removed.</summary>
public sealed record RetentionPolicy
{
    /// <summary>Tasks with all that belongs to them, counted from their end.</summary>
    public TimeSpan? Tasks { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Exceptions by the phase in which a task ended.</summary>
    public IReadOnlyDictionary<TaskPhase, TimeSpan?> ByPhase { get; init; } = new Dictionary<TaskPhase, TimeSpan?>();

    /// <summary>Logs, counted from the task's end.</summary>
    public TimeSpan? Logs { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Artifacts, counted from the task's end.</summary>
    public TimeSpan? Artifacts { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Checkpoints, counted from the task's end.</summary>
    public TimeSpan? Checkpoints { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Alerts, counted from their beginning.</summary>
    public TimeSpan? Alerts { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Audit of verbs.</summary>
    public TimeSpan? Audit { get; init; } = TimeSpan.FromDays(730);

    /// <summary>Reads an age: <c>90d</c>, a duration such as <c>12h</c>, or <c>forever</c>. False for anything else.</summary>
    public static bool TryParseAge(string? text, out TimeSpan? age)
    {
        age = null;
        if (text == "forever") return true;
        if (text is [.. var days, 'd'] && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 36_500) age = TimeSpan.FromDays(count);
        else if (Durations.TryParse(text, out var span)) age = span;
        return age is not null;
    }

    /// <summary>Removes nothing; partitions are made all the same.</summary>
    public static RetentionPolicy KeepAll { get; } = new() { Tasks = null, Logs = null, Artifacts = null, Checkpoints = null, Alerts = null, Audit = null };

    /// <summary>Everything older than one age (<c>cleanup --older-than</c>).</summary>
    public static RetentionPolicy OlderThan(TimeSpan age) => new() { Tasks = age, Logs = age, Artifacts = age, Checkpoints = age, Alerts = age, Audit = age };
}
