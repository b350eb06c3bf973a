using System.Text.Json.Nodes;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Apply;

/// <summary>Walks over values by their declared types: which fields are set, and which are left when some are taken away.</summary>
internal static class TypedValue
{
    /// <summary>All fields that a value sets.</summary>
    public static FieldSet Fields(JsonObject value, FieldType type)
    {
        var set = new FieldSet();
        Collect(value, type, set);
        return set;
    }

    /// <summary>The declared fields that have members below count as members themselves.</summary>
    public static FieldSet WithNamedFields(FieldSet set, FieldType type)
    {
        var result = new FieldSet();
        foreach (var step in set.Steps)
        {
            var below = set.Below(step);
            var member = set.Has(step) || (below is { IsEmpty: false } && step[0] == 'f' && type.Find(step[2..]) is not null);
            result.Put(step, member, below is null ? null : WithNamedFields(below, FieldSteps.Below(type, step)));
        }
        return result;
    }

    /// <summary>What is left of a value without some fields; null when nothing is.</summary>
    public static JsonNode? Without(JsonNode? value, FieldSet removed, FieldType type)
    {
        switch (value)
        {
            case JsonArray { Count: > 0 } list when IsShared(type):
                var kept = new JsonArray();
                foreach (var item in list)
                {
                    var step = FieldSteps.Item(item, type);
                    if (removed.Has(step)) continue;
                    kept.Add(removed.Below(step) is { IsEmpty: false } below ? Without(item, below, type.Element!) : item?.DeepClone());
                }
                return kept.Count > 0 ? kept : null;
            case JsonObject { Count: > 0 } map when !type.Atomic:
                var left = new JsonObject();
                foreach (var (key, item) in map)
                {
                    var step = FieldSteps.Field(key);
                    if (removed.Has(step)) continue;
                    left[key] = removed.Below(step) is { IsEmpty: false } below ? Without(item, below, FieldSteps.Below(type, step)) : item?.DeepClone();
                }
                return left.Count > 0 ? left : null;
            case JsonValue:
                return value.DeepClone();
            default:
                return null;
        }
    }

    /// <summary>A list whose items have owners of their own.</summary>
    public static bool IsShared(FieldType type) => type is { Shape: Shape.List, List: not ListKind.Atomic };

    private static void Collect(JsonNode? value, FieldType type, FieldSet at)
    {
        switch (value)
        {
            case JsonObject map:
                foreach (var (key, item) in map) CollectField(type, at, key, item);
                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    var step = FieldSteps.Item(item, type);
                    if (IsBranch(item, type.Element!)) Collect(item, type.Element!, at.Descend(step));
                    at.Insert(step);
                }
                break;
        }
    }

    private static void CollectField(FieldType type, FieldSet at, string key, JsonNode? item)
    {
        var step = FieldSteps.Field(key);
        var field = FieldSteps.Below(type, step);
        var branch = IsBranch(item, field);
        if (branch) Collect(item, field, at.Descend(step));
        if (!branch || item is JsonObject { Count: 0 } || type.Find(key) is null) at.Insert(step);
    }

    /// <summary>A value with fields or items of its own; any other belongs to one owner as a whole.</summary>
    private static bool IsBranch(JsonNode? value, FieldType type) => value switch
    {
        JsonObject => !type.Atomic && type.Shape != Shape.Scalar,
        JsonArray => IsShared(type),
        _ => false,
    };
}
