using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Apply;

/// <summary>What makes an applied configuration unfit to be merged by its declared types.</summary>
internal static class ConfigurationErrors
{
    /// <exception cref="StatusException">500, as a real server answers: a field is not declared, of another type, or a list item is there twice.</exception>
    public static void Check(Target target, JsonObject config)
    {
        var errors = Find(config, target.Version.Type, "").ToList();
        if (errors.Count == 0) return;
        var place = $"{config.Namespace()}/{config.Name()}";
        var version = target.Resource.Group.Length == 0 ? "/" + target.Version.Name : target.Version.ApiVersion;
        var text = errors.Count == 1 ? errors[0] : "errors:\n" + string.Join('\n', errors.Select(e => "  " + e));
        throw new StatusException(500, "", $"failed to create typed patch object ({place}; {version}, Kind={target.Resource.Kind}): {text}");
    }

    private static IEnumerable<string> Find(JsonNode? value, FieldType type, string path) => value switch
    {
        null => [],
        JsonObject map when type.Shape is Shape.Struct or Shape.Map => Fields(map, type, path),
        JsonArray list when type.Shape == Shape.List => Items(list, type, path),
        JsonValue scalar when type.Shape == Shape.Scalar => Scalar(scalar, type, path),
        _ => [],
    };

    private static IEnumerable<string> Fields(JsonObject map, FieldType type, string path)
    {
        foreach (var (key, item) in map)
        {
            var at = $"{path}.{key}";
            if (type.Shape == Shape.Struct && type.Find(key) is null && type.Element is null) yield return $"{at}: field not declared in schema";
            else foreach (var error in Find(item, FieldSteps.Below(type, FieldSteps.Field(key)), at)) yield return error;
        }
    }

    private static IEnumerable<string> Items(JsonArray list, FieldType type, string path)
    {
        var shared = TypedValue.IsShared(type);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            if (shared && type.List == ListKind.Map && list[i] is JsonObject item && type.Keys.All(k => item[k] is null && type.Element?.Find(k)?.Default is null && k != "protocol"))
            {
                var keys = string.Join(" ", type.Keys.Select(k => $"\"{k}\""));
                yield return $"{path}: element {i}: associative list with keys has an element that omits all key fields [{keys}] (and doesn't have default values for any key fields)";
                continue;
            }
            var step = shared ? FieldSteps.Item(list[i], type) : "i:" + i;
            if (!seen.Add(step)) yield return $"{path}: duplicate entries for key {FieldSteps.Shown(step)}";
            foreach (var error in Find(list[i], type.Element!, path + FieldSteps.Shown(step))) yield return error;
        }
    }

    private static IEnumerable<string> Scalar(JsonValue value, FieldType type, string path)
    {
        var kind = value.GetValueKind();
        switch (type.Scalar)
        {
            case "i" or "i32" or "i64" or "n" when kind != JsonValueKind.Number:
                yield return $"{path}: expected numeric (int or float), got {(kind == JsonValueKind.String ? "string" : "bool")}";
                break;
            case "s" or "y" or "d" when kind != JsonValueKind.String:
                yield return $"{path}: expected string, got &value.valueUnstructured{{Value:{value.ToJsonString()}}}";
                break;
            case "b" when kind is not (JsonValueKind.True or JsonValueKind.False):
                yield return $"{path}: expected boolean, got &{{{value}}}";
                break;
        }
    }
}
