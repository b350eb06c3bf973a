using System.Text;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>The items of a list of type map, found by the values of their keys.</summary>
internal sealed class ListMap
{
    private readonly IReadOnlyList<string> keys;
    private readonly StructuralSchema schema;
    private readonly Dictionary<string, JsonNode> items = new(StringComparer.Ordinal);

    public ListMap(StructuralSchema schema, JsonArray list)
    {
        this.schema = schema;
        keys = schema.ListMapKeys;
        foreach (var item in list)
        {
            if (KeyOf(item) is { } key)
                items.TryAdd(key, item!);
        }
    }

    /// <summary>The item with the same keys as another item; null when there is none.</summary>
    public JsonNode? Find(JsonNode? item) => KeyOf(item) is { } key ? items.GetValueOrDefault(key) : null;

    /// <summary>What identifies an item: its keys' values, the default standing for an absent one. Null for what has no keys.</summary>
    public string? KeyOf(JsonNode? item)
    {
        if (item is not JsonObject fields || keys.Count == 0)
            return null;
        if (keys.Count == 1)
            return GoText.Json(ValueOf(fields, keys[0]));
        var text = new StringBuilder();
        foreach (var key in keys)
            text.Append(GoText.Json(ValueOf(fields, key))).Append('\n');
        return text.ToString();
    }

    private JsonNode? ValueOf(JsonObject fields, string key) =>
        fields.TryGetPropertyValue(key, out var value) ? value : schema.Items?.Properties.GetValueOrDefault(key)?.Default;
}
