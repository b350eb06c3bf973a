using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Apply;

/// <summary>The steps of field paths, and what each leads to.</summary>
internal static class FieldSteps
{
    public static string Field(string name) => "f:" + name;

    /// <summary>How an item of a shared list is told from the others: by its keys, or by itself.</summary>
    public static string Item(JsonNode? item, FieldType list)
    {
        if (list.List == ListKind.Set) return "v:" + (item?.ToJsonString(Relaxed) ?? "null");
        var keys = new JsonObject();
        foreach (var key in list.Keys)
        {
            var value = item.At(key)?.DeepClone();
            // Keys with a default may be left out.
            value ??= list.Element?.Find(key) is { } field ? field.Default?.DeepClone() ?? (key == "protocol" && field.Type.Scalar == "s" ? "TCP" : null) : null;
            if (value is not null) keys[key] = value;
        }
        return "k:" + keys.ToJsonString(Relaxed);
    }

    /// <summary>The type of what a step leads to from a value of a type.</summary>
    public static FieldType Below(FieldType type, string step) => step[0] == 'f'
        ? type.Find(step[2..])?.Type ?? type.Element ?? FieldType.AnyType
        : type.Element ?? FieldType.AnyType;

    public static string Shown(string step)
    {
        switch (step[0])
        {
            case 'f':
                return "." + step[2..];
            case 'v':
                return $"[={step[2..]}]";
            case 'k':
                var keys = (JsonObject)JsonNode.Parse(step[2..])!;
                return "[" + string.Join(",", keys.Select(k => $"{k.Key}={k.Value?.ToJsonString(Relaxed)}")) + "]";
            default:
                return $"[{step[2..]}]";
        }
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
