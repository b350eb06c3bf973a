using System.Text.Json.Nodes;
using Berth.DevCluster.Http;

namespace Berth.DevCluster.Apply;

/// <summary>The Status of an apply that others' ownership forbids.</summary>
internal static class ApplyConflict
{
    public static StatusException Of(List<(Manager Owner, FieldSet Fields)> conflicts)
    {
        var disputed = conflicts.SelectMany(c => c.Fields.Paths().Select(p => (Owner: Shown(c.Owner), Path: p))).OrderBy(c => c.Owner, StringComparer.Ordinal).ThenBy(c => c.Path, StringComparer.Ordinal).ToList();
        var causes = new JsonArray([.. disputed.Select(d => (JsonNode)new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {d.Owner}", ["field"] = d.Path })]);
        return new StatusException(409, "Conflict", $"Apply failed with {disputed.Count} conflict{(disputed.Count == 1 ? "" : "s")}: {Sentence(disputed)}", new JsonObject { ["causes"] = causes });
    }

    private static string Sentence(List<(string Owner, string Path)> disputed)
    {
        if (disputed.Count == 1) return $"conflict with {disputed[0].Owner}: {disputed[0].Path}";
        return string.Join("\n", disputed.GroupBy(d => d.Owner).Select(g => $"conflicts with {g.Key}:\n" + string.Join("\n", g.Select(d => $"- {d.Path}"))));
    }

    // Applies are named alone; updates with when and through what.
    private static string Shown(Manager manager)
    {
        var text = FieldError.Quote(manager.Name);
        if (manager.Subresource.Length > 0) text += $" with subresource {FieldError.Quote(manager.Subresource)}";
        return manager.Operation == "Update" ? $"{text} using {manager.ApiVersion}" : text;
    }
}
