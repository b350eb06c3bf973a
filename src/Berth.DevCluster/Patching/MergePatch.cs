using System.Text.Json.Nodes;

namespace Berth.DevCluster.Patching;

/// <summary>JSON merge patch (RFC 7386).</summary>
internal static class MergePatch
{
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (key, value) in changes)
        {
            if (value is null)
            {
                result.Remove(key);
                continue;
            }
            if (value is JsonObject && result[key] is JsonObject child) Apply(child, value);
            else result[key] = Apply(null, value);
        }
        return result;
    }
}
