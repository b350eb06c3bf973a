using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Schema;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Patching;

/// <summary>Strategic merge patch: like a merge patch, but lists whose items have a key are merged by it.</summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";
    private const string OrderPrefix = "$setElementOrder/";

    public static JsonObject Apply(JsonObject target, JsonObject patch, FieldType type)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                return Plain(patch);
            case "delete":
                return [];
        }
        foreach (var (key, value) in patch.Where(p => p.Key.StartsWith(DeletePrefix, StringComparison.Ordinal)).ToList()) DeleteItems(target, key[DeletePrefix.Length..], value);
        if (patch.Array(RetainKeys) is { } retained)
        {
            var kept = retained.Select(r => r.Text()).ToHashSet();
            foreach (var key in target.Select(p => p.Key).Where(k => !kept.Contains(k)).ToList()) target.Remove(key);
        }
        foreach (var (key, value) in patch)
        {
            if (key[0] == '$') continue;
            Merge(target, key, value, FieldOf(type, key));
        }
        foreach (var (key, value) in patch.Where(p => p.Key.StartsWith(OrderPrefix, StringComparison.Ordinal))) Reorder(target, key[OrderPrefix.Length..], value as JsonArray, type);
        return target;
    }

    private static Field FieldOf(FieldType type, string key) => type.Find(key) ?? new Field(key, type.Element ?? FieldType.AnyType);

    private static void Merge(JsonObject target, string key, JsonNode? value, Field field)
    {
        switch (value)
        {
            case null:
                target.Remove(key);
                break;
            case JsonObject changes:
                if (changes.Text(Directive) == "delete") target.Remove(key);
                else if (target[key] is JsonObject child && field.Patch != "replace") Replace(target, key, Apply(child, changes, field.Type));
                else target[key] = Apply([], changes, field.Type);
                break;
            case JsonArray items when field.Patch.StartsWith("merge", StringComparison.Ordinal) && target[key] is JsonArray present:
                MergeList(present, items, field);
                break;
            case JsonArray items when field.Patch.StartsWith("merge", StringComparison.Ordinal):
                var fresh = new JsonArray();
                MergeList(fresh, items, field);
                target[key] = fresh;
                break;
            default:
                target[key] = value.DeepClone();
                break;
        }
    }

    private static void Replace(JsonObject target, string key, JsonObject result)
    {
        if (!ReferenceEquals(target[key], result)) target[key] = result;
    }

    private static void MergeList(JsonArray present, JsonArray items, Field field)
    {
        if (items.OfType<JsonObject>().Any(i => i.Text(Directive) == "replace" && i.Count == 1)) present.Clear();
        var element = field.Type.Element ?? FieldType.AnyType;
        foreach (var item in items)
        {
            if (item is not JsonObject changes)
            {
                if (!present.Any(p => JsonNode.DeepEquals(p, item))) present.Add(item?.DeepClone());
                continue;
            }
            if (changes.Text(Directive) == "replace" && changes.Count == 1) continue;
            var key = changes[field.PatchKey] ?? throw StatusException.Unexplained($"map: {GoText.Map(changes)} does not contain declared merge key: {field.PatchKey}");
            var match = present.OfType<JsonObject>().FirstOrDefault(p => JsonNode.DeepEquals(p[field.PatchKey], key));
            if (changes.Text(Directive) == "delete")
            {
                if (match is not null) present.Remove(match);
            }
            else if (match is null)
            {
                present.Add((JsonNode)Apply([], changes, element));
            }
            else
            {
                var merged = Apply(match, changes, element);
                if (!ReferenceEquals(merged, match)) present[present.IndexOf(match)] = merged;
            }
        }
    }

    private static void DeleteItems(JsonObject target, string key, JsonNode? values)
    {
        if (target[key] is not JsonArray present || values is not JsonArray unwanted) return;
        foreach (var value in unwanted)
        {
            if (present.FirstOrDefault(p => JsonNode.DeepEquals(p, value)) is { } found) present.Remove(found);
        }
    }

    // Items the patch names come in its order; the others keep their place relative to their neighbours.
    private static void Reorder(JsonObject target, string key, JsonArray? order, FieldType type)
    {
        if (target[key] is not JsonArray present || order is null) return;
        var field = FieldOf(type, key);
        JsonNode? Id(JsonNode? item) => item is JsonObject o && field.PatchKey.Length > 0 ? o[field.PatchKey] : item;
        var wanted = order.Select(Id).ToList();
        int Rank(JsonNode? item) => wanted.FindIndex(w => JsonNode.DeepEquals(w, Id(item)));
        var items = present.ToList();
        var ranked = new Queue<JsonNode?>(items.Where(i => Rank(i) >= 0).OrderBy(Rank));
        var result = items.Select(i => Rank(i) >= 0 ? ranked.Dequeue() : i).ToList();
        present.Clear();
        foreach (var item in result) present.Add(item);
    }

    private static JsonObject Plain(JsonObject patch)
    {
        var result = patch.Clone();
        foreach (var key in result.Select(p => p.Key).Where(k => k[0] == '$').ToList()) result.Remove(key);
        return result;
    }
}
