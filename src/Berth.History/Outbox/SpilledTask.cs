using System.Text.Json;
using Berth.Api;

namespace Berth.History;

/// <summary>Everything of a task that the database does not have yet, for when the task must go while the database is away.</summary>
public sealed record SpilledTask
{
    /// <summary>The task and its transitions.</summary>
    public TransitionBatch Outbox { get; init; } = new();

    /// <summary>Its attempts, as far as the status knew them.</summary>
    public IReadOnlyList<AttemptRecord> Attempts { get; init; } = [];

    /// <summary>The decisions about it.</summary>
    public IReadOnlyList<ApprovalResource> Approvals { get; init; } = [];

    /// <summary>JSON, for a ConfigMap.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, HistoryJson.Default.SpilledTask);

    /// <summary>Reads <see cref="ToJson"/>; null for anything else.</summary>
    public static SpilledTask? FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, HistoryJson.Default.SpilledTask) is { Outbox.Task.Uid.Length: > 0 } spilled ? spilled : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
