using Berth.Api;
using Berth.History;

namespace Berth.Operator.Options;

/// <summary>How long history is kept, counted from a task's end: <c>90d</c>, <c>12h</c>, or <c>forever</c>.</summary>
internal sealed record RetentionSection
{
    /// <summary>Whether the leader removes anything by itself; <c>berth cleanup</c> works all the same.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Tasks with all that belongs to them.</summary>
    public string Tasks { get; init; } = "365d";

    /// <summary>Logs.</summary>
    public string Logs { get; init; } = "90d";

    /// <summary>Plans and other artifacts.</summary>
    public string Artifacts { get; init; } = "90d";

    /// <summary>Checkpoints.</summary>
    public string Checkpoints { get; init; } = "14d";

    /// <summary>Alerts, counted from their beginning.</summary>
    public string Alerts { get; init; } = "365d";

    /// <summary>Audit of what people did.</summary>
    public string Audit { get; init; } = "730d";

    /// <summary>Tasks that succeeded; empty for what holds for all.</summary>
    public string? Succeeded { get; init; }

    /// <summary>Tasks that failed.</summary>
    public string? Failed { get; init; }

    /// <summary>Tasks that were given up.</summary>
    public string? DeadLettered { get; init; }

    /// <summary>Tasks that were stopped.</summary>
    public string? Stopped { get; init; }

    /// <summary>Tasks whose plan was rejected.</summary>
    public string? Rejected { get; init; }

    /// <summary>Tasks that nobody approved in time.</summary>
    public string? Expired { get; init; }

    /// <summary>The policy. Only for options without violations.</summary>
    public RetentionPolicy Policy() => new()
    {
        Tasks = Age(Tasks),
        Logs = Age(Logs),
        Artifacts = Age(Artifacts),
        Checkpoints = Age(Checkpoints),
        Alerts = Age(Alerts),
        Audit = Age(Audit),
        ByPhase = Phases().Where(p => p.Text is { Length: > 0 }).ToDictionary(p => p.Phase, p => Age(p.Text!)),
    };

    /// <summary>Every text that is no age.</summary>
    public IEnumerable<string> Violations()
    {
        (string Name, string? Text)[] kinds = [(nameof(Tasks), Tasks), (nameof(Logs), Logs), (nameof(Artifacts), Artifacts), (nameof(Checkpoints), Checkpoints), (nameof(Alerts), Alerts), (nameof(Audit), Audit)];
        return kinds.Concat(Phases().Where(p => p.Text is { Length: > 0 }).Select(p => (p.Phase.ToString(), p.Text)))
            .Where(k => !RetentionPolicy.TryParseAge(k.Item2, out _)).Select(k => $"Retention:{k.Item1} '{k.Item2}' is no age; write 90d, 12h or forever");
    }

    private IEnumerable<(TaskPhase Phase, string? Text)> Phases() =>
        [(TaskPhase.Succeeded, Succeeded), (TaskPhase.Failed, Failed), (TaskPhase.DeadLettered, DeadLettered), (TaskPhase.Stopped, Stopped), (TaskPhase.Rejected, Rejected), (TaskPhase.Expired, Expired)];

    private static TimeSpan? Age(string text) => RetentionPolicy.TryParseAge(text, out var age) ? age : throw new InvalidOperationException($"'{text}' is no age");
}
