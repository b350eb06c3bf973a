using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>
/// A new value beside the old value it replaces. Items correspond only in lists of type map; where nothing corresponds there is no
/// correlation. Errors of values equal to their old selves are tolerated ("ratcheting").
/// </summary>
internal sealed class Correlation(JsonNode? value, JsonNode? old, StructuralSchema schema)
{
    private Dictionary<object, Correlation?>? children;
    private ListMap? oldItems;
    private bool? equal;

    public JsonNode? Old => old;

    /// <summary>
    /// Whether nothing changed at or below this value. Items of map lists may have moved; fields that no schema specifies count as changed,
    /// as they do for Kubernetes.
    /// </summary>
    public bool Unchanged => equal ??= Compare();

    public Correlation? Key(string name)
    {
        if (children is not null && children.TryGetValue(name, out var known))
            return known;
        if (old is not JsonObject oldFields || value is not JsonObject fields || schema.Field(name) is not { } below)
            return null;
        if (!oldFields.TryGetPropertyValue(name, out var oldField) || !fields.TryGetPropertyValue(name, out var field))
            return null;
        return Remember(name, new Correlation(field, oldField, below));
    }

    public Correlation? Index(int index)
    {
        if (children is not null && children.TryGetValue(index, out var known))
            return known;
        if (schema.ListType != "map" || schema.Items is not { } item || old is not JsonArray oldArray || value is not JsonArray array || index >= array.Count)
            return null;
        oldItems ??= new ListMap(schema, oldArray);
        return Remember(index, oldItems.Find(array[index]) is { } match ? new Correlation(array[index], match, item) : null);
    }

    private bool Compare()
    {
        switch (value, old)
        {
            case (JsonArray items, JsonArray oldList):
                if (items.Count != oldList.Count)
                    return false;
                if (schema.ListType != "map")
                    return JsonNode.DeepEquals(items, oldList);
                for (var i = 0; i < items.Count; i++)
                {
                    if (Index(i) is not { Unchanged: true })
                        return false;
                }
                return true;
            case (JsonObject fields, JsonObject oldFields):
                return fields.Count == oldFields.Count && fields.All(f => Key(f.Key) is { Unchanged: true });
            default:
                return JsonNode.DeepEquals(value, old);
        }
    }

    private Correlation? Remember(object key, Correlation? child) => (children ??= [])[key] = child;
}
