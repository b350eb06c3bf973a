using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tests.Recordings;

/// <summary>What differs between a recorded answer and ours.</summary>
internal static class Difference
{
    /// <summary>The paths that differ, with both values.</summary>
    public static IEnumerable<string> Between(JsonNode? want, JsonNode? got, string path = "")
    {
        switch (want, got)
        {
            case (JsonObject a, JsonObject b):
                return a.Select(p => p.Key).Union(b.Select(p => p.Key)).SelectMany(key => !b.ContainsKey(key) ? [$"{path}.{key}: missing, want {Short(a[key])}"]
                    : !a.ContainsKey(key) ? [$"{path}.{key}: extra {Short(b[key])}"] : Between(a[key], b[key], $"{path}.{key}"));
            case (JsonArray a, JsonArray b):
                return a.Count != b.Count ? [$"{path}: {b.Count} items, want {a.Count}"] : a.SelectMany((item, i) => Between(item, b[i], $"{path}[{i}]"));
            default:
                return JsonNode.DeepEquals(want, got) ? [] : [$"{path}: {Short(got)}, want {Short(want)}"];
        }
    }

    /// <summary>Every entry of a recorded list that we have too must be the same; entries we do not have are told by name.</summary>
    public static IEnumerable<string> Subset(JsonArray want, JsonArray got, Func<JsonNode, string> name, ICollection<string> absent)
    {
        var ours = got.ToDictionary(i => name(i!), i => i);
        foreach (var item in want)
        {
            if (!ours.TryGetValue(name(item!), out var own)) absent.Add(name(item!));
            else foreach (var difference in Between(item, own, name(item!))) yield return difference;
        }
    }

    private static string Short(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length > 160 ? text[..160] + "…" : text;
    }
}
