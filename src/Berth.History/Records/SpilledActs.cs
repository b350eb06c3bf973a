using System.Text.Json;

namespace Berth.History;

/// <summary>Acts of people that wait beside the database, in a ConfigMap of the operator's namespace, until an operator writes them.</summary>
public static class SpilledActs
{
    /// <summary>The entry of the ConfigMap.</summary>
    public const string Key = "audit.json";

    /// <summary>Name of the ConfigMap of acts the first of which has this id.</summary>
    public static string NameOf(Guid first) => $"berth-outbox-audit-{first:N}";

    /// <summary>As it stands in the entry.</summary>
    public static string Write(IReadOnlyList<AuditRecord> acts) => JsonSerializer.Serialize(acts, HistoryJson.Default.IReadOnlyListAuditRecord);

    /// <summary>Reads an entry; null for what is none.</summary>
    public static IReadOnlyList<AuditRecord>? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, HistoryJson.Default.IReadOnlyListAuditRecord);
        }
        catch (JsonException)
        {
            // Not ours, or damaged: the caller tells.
            return null;
        }
    }
}
