using System.Globalization;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Drops the fields that a structural schema does not specify.</summary>
internal sealed class Pruner
{
    private readonly List<string> dropped = [];
    private readonly List<string> parents = [];

    /// <summary>
    /// Prunes a value in place. With <paramref name="resourceRoot"/> its apiVersion, kind and metadata stay untouched.
    /// Returns the dropped fields' paths (<c>spec.foo</c>, <c>spec.steps[0].bar</c>), sorted.
    /// </summary>
    public static IReadOnlyList<string> Prune(JsonNode? value, StructuralSchema? schema, bool resourceRoot)
    {
        var pruner = new Pruner();
        pruner.Visit(value, schema, resourceRoot || schema is { EmbeddedResource: true });
        pruner.dropped.Sort(StringComparer.Ordinal);
        return pruner.dropped;
    }

    private void Visit(JsonNode? value, StructuralSchema? schema, bool embedded)
    {
        if (schema is { PreserveUnknownFields: true })
        {
            Keep(value, schema, embedded);
            return;
        }
        switch (value)
        {
            case JsonObject fields: VisitFields(fields, schema, embedded); break;
            case JsonArray items: VisitItems(items, i => VisitChild(i, schema?.Items)); break;
        }
    }

    private void VisitFields(JsonObject fields, StructuralSchema? schema, bool embedded)
    {
        List<string>? drop = null;
        foreach (var (name, value) in fields)
        {
            var meta = name is "apiVersion" or "kind" or "metadata";
            if (embedded && meta)
                continue;
            if (schema is not null && schema.Properties.TryGetValue(name, out var property))
                Below(name, value, property);
            else if (schema is { HasAdditionalProperties: true })
                Below(name, value, schema.AdditionalProperties);
            else
            {
                (drop ??= []).Add(name);
                if (schema is null || !meta || parents.Count > 0)
                    dropped.Add(Path(name));
            }
        }
        foreach (var name in drop ?? [])
            fields.Remove(name);
    }

    /// <summary>Unknown fields stay here, but known ones are pruned below.</summary>
    private void Keep(JsonNode? value, StructuralSchema schema, bool embedded)
    {
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, field) in fields)
                {
                    if (embedded && name is "apiVersion" or "kind" or "metadata")
                        continue;
                    if (schema.Properties.TryGetValue(name, out var property))
                        Below(name, field, property);
                    else if (schema.HasAdditionalProperties)
                        Below(name, field, schema.AdditionalProperties);
                }
                break;
            case JsonArray items when schema.Items is { } item:
                VisitItems(items, i => Keep(i, item, item.EmbeddedResource));
                break;
        }
    }

    private void VisitItems(JsonArray items, Action<JsonNode?> visit)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not (JsonObject or JsonArray))
                continue;
            parents.Add("[" + i.ToString(CultureInfo.InvariantCulture) + "]");
            visit(items[i]);
            parents.RemoveAt(parents.Count - 1);
        }
    }

    private void Below(string name, JsonNode? value, StructuralSchema? schema)
    {
        if (value is not (JsonObject or JsonArray))
            return;
        parents.Add(parents.Count > 0 ? "." + name : name);
        VisitChild(value, schema);
        parents.RemoveAt(parents.Count - 1);
    }

    private void VisitChild(JsonNode? value, StructuralSchema? schema) => Visit(value, schema, schema is { EmbeddedResource: true });

    private string Path(string name) => parents.Count == 0 ? name : string.Concat(parents) + "." + name;
}
