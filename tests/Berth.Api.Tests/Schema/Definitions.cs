using System.Text.Json.Nodes;
using Berth.Api.Schema;

namespace Berth.Api.Tests.Schema;

/// <summary>Ways into the generated definitions.</summary>
internal static class Definitions
{
    public static JsonObject Of<T>() => CrdGenerator.Definition(typeof(T));

    public static JsonObject Root(JsonObject definition) => definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();

    /// <summary>The schema of a field by its path: <c>spec.plan.env[].name</c>.</summary>
    public static JsonObject Field<T>(string path)
    {
        var schema = Root(Of<T>());
        foreach (var part in path.Split('.'))
        {
            schema = schema["properties"]![part.Replace("[]", "", StringComparison.Ordinal)]!.AsObject();
            if (part.EndsWith("[]", StringComparison.Ordinal)) schema = schema["items"]!.AsObject();
        }
        return schema;
    }

    /// <summary>Every schema below this one with its path, the root included.</summary>
    public static IEnumerable<(string Path, JsonObject Schema)> All(JsonObject schema, string path = "")
    {
        yield return (path, schema);
        foreach (var (name, child) in schema["properties"]?.AsObject() ?? [])
            foreach (var found in All(child!.AsObject(), $"{path}.{name}")) yield return found;
        foreach (var key in new[] { "items", "additionalProperties" })
            if (schema[key] is JsonObject element)
                foreach (var found in All(element, path + "[]")) yield return found;
    }
}
