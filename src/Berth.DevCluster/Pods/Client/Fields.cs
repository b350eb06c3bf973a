using System.Globalization;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Pods.Client;

/// <summary>Reads fields of unstructured Kubernetes objects; a missing parent reads as a missing value.</summary>
internal static class Fields
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string step in path)
        {
            if (node is not JsonObject map || !map.TryGetPropertyValue(step, out node))
            {
                return null;
            }
        }

        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value ? value.TryGetValue(out string? text) ? text : value.ToJsonString() : null;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value)
        {
            return null;
        }

        return value.TryGetValue(out long number) ? number
            : long.TryParse(value.ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out number) ? number : null;
    }

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.TryGetValue(out bool flag) && flag;

    public static IEnumerable<JsonNode> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray list ? list.OfType<JsonNode>() : [];

    public static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray list ? list.OfType<JsonNode>().Select(static item => item.ToString()) : [];

    public static IEnumerable<KeyValuePair<string, string>> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonObject map
            ? map.Where(static pair => pair.Value is not null).Select(static pair => KeyValuePair.Create(pair.Key, pair.Value!.ToString()))
            : [];

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(node.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static string Name(this JsonNode? node) => node.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonNode? node) => node.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonNode? node) => node.Text("metadata", "uid") ?? "";

    public static bool IsDeleting(this JsonNode? node) => node.At("metadata", "deletionTimestamp") is not null;

    /// <summary>The object's key in a cache: <c>namespace/name</c>, or <c>/name</c> when cluster-scoped.</summary>
    public static string Key(this JsonNode? node) => $"{node.Namespace()}/{node.Name()}";

    public static JsonNode? Condition(this JsonNode? node, string type) =>
        node.Items("status", "conditions").FirstOrDefault(condition => condition.Text("type") == type);

    public static JsonNode? ControllerOwner(this JsonNode? node) =>
        node.Items("metadata", "ownerReferences").FirstOrDefault(static owner => owner.Flag("controller"));

    /// <summary>Kubernetes' <c>metav1.Time</c>: whole seconds, UTC.</summary>
    public static string Stamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Kubernetes' <c>metav1.MicroTime</c>.</summary>
    public static string MicroStamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static JsonArray ToJsonArray(this IEnumerable<JsonNode?> nodes) => new([.. nodes]);
}
