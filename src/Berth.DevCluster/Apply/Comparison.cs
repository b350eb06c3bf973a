using System.Text.Json.Nodes;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Apply;

/// <summary>Which fields differ between two states of an object.</summary>
internal sealed class Comparison
{
    public FieldSet Added { get; private set; } = new();

    public FieldSet Modified { get; private set; } = new();

    public FieldSet Removed { get; private set; } = new();

    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    public static Comparison Of(JsonObject before, JsonObject after, FieldType type)
    {
        var comparison = new Comparison();
        comparison.Children(before, after, type, comparison.Added, comparison.Modified, comparison.Removed);
        return comparison;
    }

    public void Ignore(FieldSet ignored)
    {
        (Added, Modified, Removed) = (Added.RecursiveDifference(ignored), Modified.RecursiveDifference(ignored), Removed.RecursiveDifference(ignored));
    }

    // Absent and null differ: an absent side is told by the flags.
    private void Pair(bool hasBefore, JsonNode? before, bool hasAfter, JsonNode? after, FieldType type, string step, FieldSet added, FieldSet modified, FieldSet removed)
    {
        if (IsLeaf(before, after, type))
        {
            if (!hasBefore) added.Insert(step);
            else if (!hasAfter) removed.Insert(step);
            else if (!JsonNode.DeepEquals(before, after)) modified.Insert(step);
            return;
        }
        Children(before, after, type, added.Descend(step), modified.Descend(step), removed.Descend(step));
        if (!hasBefore) added.Insert(step);
        else if (!hasAfter) removed.Insert(step);
    }

    private void Children(JsonNode? before, JsonNode? after, FieldType type, FieldSet added, FieldSet modified, FieldSet removed)
    {
        if (before is JsonArray || after is JsonArray)
        {
            Items(before as JsonArray, after as JsonArray, type, added, modified, removed);
            return;
        }
        var (a, b) = (before as JsonObject, after as JsonObject);
        foreach (var key in (a?.Select(p => p.Key) ?? []).Union(b?.Select(p => p.Key) ?? []))
        {
            JsonNode? x = null, y = null;
            var (hasX, hasY) = (a?.TryGetPropertyValue(key, out x) == true, b?.TryGetPropertyValue(key, out y) == true);
            var step = FieldSteps.Field(key);
            Pair(hasX, x, hasY, y, FieldSteps.Below(type, step), step, added, modified, removed);
        }
    }

    private void Items(JsonArray? before, JsonArray? after, FieldType type, FieldSet added, FieldSet modified, FieldSet removed)
    {
        var (a, b) = (Index(before, type), Index(after, type));
        foreach (var step in a.Keys.Union(b.Keys))
        {
            var (hasX, hasY) = (a.TryGetValue(step, out var x), b.TryGetValue(step, out var y));
            Pair(hasX, x, hasY, y, type.Element!, step, added, modified, removed);
        }
    }

    private static Dictionary<string, JsonNode?> Index(JsonArray? list, FieldType type)
    {
        var index = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list ?? []) index[FieldSteps.Item(item, type)] = item;
        return index;
    }

    // Scalars, values with one owner, and two empty sides: emptiness itself may be the difference.
    private static bool IsLeaf(JsonNode? before, JsonNode? after, FieldType type)
    {
        if (type.Shape == Shape.Scalar) return true;
        if (before is JsonArray || after is JsonArray)
            return !TypedValue.IsShared(type) || (before is not JsonArray { Count: > 0 } && after is not JsonArray { Count: > 0 });
        if (before is JsonObject || after is JsonObject)
            return type.Atomic || (before is not JsonObject { Count: > 0 } && after is not JsonObject { Count: > 0 });
        return true;
    }
}
