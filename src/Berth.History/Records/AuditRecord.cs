namespace Berth.History;

/// <summary>One verb that a person used.</summary>
public sealed record AuditRecord
{
    /// <summary>The verb of a deletion; written for a task, it marks the task as deleted.</summary>
    public const string Delete = "delete";

    /// <summary>Identity; writing it again changes nothing.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who, as the cluster knows them.</summary>
    public string Actor { get; init; } = "";

    /// <summary>What, e.g. <c>approve</c>, <c>stop</c>, <c>drain</c>.</summary>
    public string Verb { get; init; } = "";

    /// <summary>Kind of the object.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Its namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its uid.</summary>
    public string? Uid { get; init; }

    /// <summary>What became of it, in one word.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>More, as JSON.</summary>
    public string? DetailJson { get; init; }
}
