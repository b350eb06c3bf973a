using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Apply;

/// <summary>One writer of an object: its name, how it writes, through which version and endpoint.</summary>
internal sealed record Manager(string Name, string Operation, string ApiVersion, string Subresource);

/// <summary>What one writer owns, and when that last changed.</summary>
internal sealed record Ownership(FieldSet Fields, string? Time);

/// <summary>The managedFields of an object, read and written.</summary>
internal sealed class Managers : Dictionary<Manager, Ownership>
{
    private const int MaxUpdateManagers = 10;
    private const string Ancient = "ancient-changes";

    public static Managers Read(JsonObject obj)
    {
        var managers = new Managers();
        foreach (var entry in obj.Objects("metadata", "managedFields"))
        {
            var manager = new Manager(entry.TextOr("", "manager"), entry.TextOr("", "operation"), entry.TextOr("", "apiVersion"), entry.TextOr("", "subresource"));
            managers[manager] = new Ownership(FieldSet.FromJson(entry.Object("fieldsV1")), entry.Text("time"));
        }
        return managers;
    }

    /// <summary>Writes the entries: applies before updates, then oldest first.</summary>
    public void Write(JsonObject obj)
    {
        Cap();
        if (Count == 0)
        {
            obj.Meta().Remove("managedFields");
            return;
        }
        var ordered = this.OrderBy(m => m.Key.Operation, StringComparer.Ordinal).ThenBy(m => m.Value.Time ?? "", StringComparer.Ordinal)
            .ThenBy(m => m.Key.Name, StringComparer.Ordinal).ThenBy(m => m.Key.ApiVersion, StringComparer.Ordinal).ThenBy(m => m.Key.Subresource, StringComparer.Ordinal);
        obj.Meta()["managedFields"] = new JsonArray([.. ordered.Select(m => (JsonNode)Entry(m.Key, m.Value))]);
    }

    // Too many one-time writers would make every object grow for ever: the oldest share one entry.
    private void Cap()
    {
        var updates = this.Where(m => m.Key.Operation == "Update" && m.Key.Subresource.Length == 0).OrderBy(m => m.Value.Time ?? "", StringComparer.Ordinal).ToList();
        var surplus = updates.Count - MaxUpdateManagers;
        if (surplus <= 0) return;
        foreach (var (manager, owned) in updates.Take(surplus + 1))
        {
            Remove(manager);
            var bucket = new Manager(Ancient, "Update", manager.ApiVersion, "");
            var before = GetValueOrDefault(bucket);
            this[bucket] = new Ownership(before is null ? owned.Fields : before.Fields.Union(owned.Fields), owned.Time);
        }
    }

    private Ownership? GetValueOrDefault(Manager manager) => TryGetValue(manager, out var owned) ? owned : null;

    private static JsonObject Entry(Manager manager, Ownership owned)
    {
        var entry = new JsonObject { ["manager"] = manager.Name, ["operation"] = manager.Operation, ["apiVersion"] = manager.ApiVersion };
        if (owned.Time is not null) entry["time"] = owned.Time;
        entry["fieldsType"] = "FieldsV1";
        entry["fieldsV1"] = owned.Fields.ToJson();
        if (manager.Subresource.Length > 0) entry["subresource"] = manager.Subresource;
        return entry;
    }
}
