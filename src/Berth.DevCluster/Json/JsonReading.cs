using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Json;

/// <summary>Reads and writes paths of unstructured objects without a null check at every step.</summary>
internal static class JsonReading
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (node is not JsonObject o || !o.TryGetPropertyValue(step, out node)) return null;
        }
        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue v && v.TryGetValue<string>(out var s) ? s : null;

    public static string TextOr(this JsonNode? node, string fallback, params ReadOnlySpan<string> path) => Text(node, path) ?? fallback;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (At(node, path) is not JsonValue v) return null;
        if (v.TryGetValue<long>(out var l)) return l;
        if (v.TryGetValue<int>(out var i)) return i;
        return v.TryGetValue<double>(out var d) ? (long)d : null;
    }

    public static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue v && v.TryGetValue<bool>(out var b) ? b : null;

    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => At(node, path) as JsonObject;

    public static JsonArray? Array(this JsonNode? node, params ReadOnlySpan<string> path) => At(node, path) as JsonArray;

    public static IEnumerable<string> Strings(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonArray a ? a.Select(x => x.Text() ?? "") : [];

    public static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonArray a ? a.OfType<JsonObject>() : [];

    /// <summary>The object at a key, made when absent.</summary>
    public static JsonObject Ensure(this JsonObject parent, string key)
    {
        if (parent[key] is JsonObject existing) return existing;
        var made = new JsonObject();
        parent[key] = made;
        return made;
    }

    public static JsonArray EnsureArray(this JsonObject parent, string key)
    {
        if (parent[key] is JsonArray existing) return existing;
        var made = new JsonArray();
        parent[key] = made;
        return made;
    }

    /// <summary>Sets a value only when the key is absent or null.</summary>
    public static void Default(this JsonObject parent, string key, JsonNode? value)
    {
        if (parent[key] is null) parent[key] = value;
    }

    /// <summary>Sets a text, or removes the key for an empty one, as Go's omitempty would.</summary>
    public static void SetOrRemove(this JsonObject parent, string key, string? value)
    {
        if (string.IsNullOrEmpty(value)) parent.Remove(key);
        else parent[key] = value;
    }

    public static JsonObject Meta(this JsonObject obj) => obj.Ensure("metadata");

    public static string Name(this JsonObject obj) => obj.TextOr("", "metadata", "name");

    public static string Namespace(this JsonObject obj) => obj.TextOr("", "metadata", "namespace");

    public static JsonObject Clone(this JsonObject obj) => (JsonObject)obj.DeepClone();

    public static JsonArray ToJson(this IEnumerable<string> values) => new([.. values.Select(v => (JsonNode?)v)]);

    /// <summary>The text of a scalar as a label or field selector compares it.</summary>
    public static string ScalarText(this JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "",
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => node.ToJsonString(),
    };

    public static string Invariant(this long value) => value.ToString(CultureInfo.InvariantCulture);
}
