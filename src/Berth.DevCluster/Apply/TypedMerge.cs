using System.Text.Json.Nodes;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Apply;

/// <summary>Lays an applied configuration over a live object.</summary>
internal static class TypedMerge
{
    public static JsonObject Merge(JsonObject live, JsonObject config, FieldType type) => (JsonObject)Pair(live, config, type)!;

    private static JsonNode? Pair(JsonNode? live, JsonNode? config, FieldType type)
    {
        switch (config)
        {
            case JsonObject fields when !type.Atomic && type.Shape != Shape.Scalar && (fields.Count > 0 || live is JsonObject { Count: > 0 }):
                return Maps(live as JsonObject, fields, type);
            case JsonArray items when TypedValue.IsShared(type) && (items.Count > 0 || live is JsonArray { Count: > 0 }):
                return Lists(live as JsonArray ?? [], items, type);
            default:
                return config?.DeepClone();
        }
    }

    private static JsonObject Maps(JsonObject? live, JsonObject config, FieldType type)
    {
        var result = new JsonObject();
        foreach (var (key, value) in live ?? [])
        {
            if (config.TryGetPropertyValue(key, out var applied)) result[key] = Pair(value, applied, FieldSteps.Below(type, FieldSteps.Field(key)));
            else result[key] = value?.DeepClone();
        }
        foreach (var (key, value) in config)
        {
            if (live?.ContainsKey(key) != true) result[key] = Pair(null, value, FieldSteps.Below(type, FieldSteps.Field(key)));
        }
        return result;
    }

    // Items keep the order of the configuration where both have them; the live ones keep their place between those.
    private static JsonArray Lists(JsonArray live, JsonArray config, FieldType type)
    {
        var (left, right) = (live.Select(i => FieldSteps.Item(i, type)).ToList(), config.Select(i => FieldSteps.Item(i, type)).ToList());
        var (inLeft, inRight) = (Index(live, left), Index(config, right));
        var shared = new Queue<string>(right.Where(inLeft.ContainsKey));
        var next = shared.TryDequeue(out var first) ? first : null;
        var (result, merged) = (new JsonArray(), new HashSet<string>(StringComparer.Ordinal));
        void Take(string step) => result.Add(Pair(inLeft.GetValueOrDefault(step), inRight.GetValueOrDefault(step), type.Element!));
        for (int l = 0, r = 0; l < left.Count || r < right.Count;)
        {
            if (l < left.Count && r < right.Count)
            {
                if (left[l] == right[r])
                {
                    merged.Add(left[l]);
                    Take(left[l]);
                    (l, r) = (l + 1, r + 1);
                    next = shared.TryDequeue(out var following) ? following : null;
                    continue;
                }
                if (inRight.ContainsKey(left[l]) && next is not null && next != left[l])
                {
                    l++;
                    continue;
                }
            }
            if (l < left.Count)
            {
                if (!inRight.ContainsKey(left[l]))
                {
                    result.Add(live[l++]?.DeepClone());
                    continue;
                }
                if (merged.Contains(left[l])) l++;
            }
            if (r >= right.Count) continue;
            merged.Add(right[r]);
            Take(right[r]);
            if (next == right[r]) next = shared.TryDequeue(out var following) ? following : null;
            r++;
        }
        return result;
    }

    private static Dictionary<string, JsonNode?> Index(JsonArray list, List<string> steps)
    {
        var index = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++) index.TryAdd(steps[i], list[i]);
        return index;
    }
}
