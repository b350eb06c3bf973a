using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.Api.Schema;

/// <summary>Writes the reference page of a resource from its definition: every field with its type, bounds, default and description.</summary>
internal static class ReferencePage
{
    public static string Write(JsonObject definition)
    {
        var names = definition["spec"]!["names"]!;
        var kind = names["kind"]!.GetValue<string>();
        var version = definition["spec"]!["versions"]![0]!;
        var schema = version["schema"]!["openAPIV3Schema"]!;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<!-- Written by ./dev generate from src/Berth.Api; change it there. -->\n# {kind}\n\n{schema["description"]!.GetValue<string>()}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"`apiVersion: {Names.ApiVersion}`, `kind: {kind}`; kubectl: `{names["plural"]}`, `{names["shortNames"]?[0]}`.\n");
        foreach (var part in new[] { "spec", "status" })
        {
            var root = schema["properties"]![part]!.AsObject();
            text.Append(CultureInfo.InvariantCulture, $"\n## {part}\n\n{root["description"]!.GetValue<string>()}\n");
            Rules(text, root, part);
            text.Append("\n| field | type | description |\n| --- | --- | --- |\n");
            Rows(text, root, part + ".");
        }
        return text.ToString();
    }

    private static void Rows(StringBuilder text, JsonObject schema, string prefix)
    {
        var required = schema["required"]?.AsArray().Select(n => n!.GetValue<string>()).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var (name, node) in schema["properties"]!.AsObject())
        {
            var field = node!.AsObject();
            var description = field["description"]!.GetValue<string>().Replace("\n- ", "<br>• ", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"| `{prefix}{name}` | {Type(field)}{(required.Contains(name) ? ", **required**" : "")} | {description} |\n");
            var inner = field["items"] as JsonObject ?? field;
            if (inner["properties"] is not null) Rows(text, inner, prefix + name + (inner == field ? "." : "[]."));
        }
    }

    private static void Rules(StringBuilder text, JsonObject schema, string path)
    {
        var messages = Messages(schema, path).ToList();
        if (messages.Count == 0) return;
        text.Append("\nRules:\n\n");
        foreach (var (where, message) in messages) text.Append(CultureInfo.InvariantCulture, $"- `{where}`: {message}\n");
    }

    private static IEnumerable<(string Path, string Message)> Messages(JsonObject schema, string path)
    {
        foreach (var rule in schema["x-kubernetes-validations"]?.AsArray() ?? []) yield return (path, rule!["message"]!.GetValue<string>());
        foreach (var (name, node) in schema["properties"]?.AsObject() ?? [])
        {
            var inner = node!["items"] as JsonObject ?? node.AsObject();
            foreach (var found in Messages(inner, $"{path}.{name}{(inner == node ? "" : "[]")}")) yield return found;
        }
    }

    private static string Type(JsonObject field)
    {
        var type = field["type"]!.GetValue<string>();
        if (type == "array") return $"list of {Type(field["items"]!.AsObject())}{Limits(field, "Items")}";
        if (field["additionalProperties"] is JsonObject values) return $"map of {Type(values)}{Limits(field, "Properties")}";
        if (field["enum"] is not null) return "enum";
        if (field["pattern"]?.GetValue<string>() == Durations.Pattern) return "duration";
        if (field["format"]?.GetValue<string>() == "date-time") return "time";
        if (type == "integer" && (field["minimum"] ?? field["maximum"]) is not null) return $"integer {field["minimum"]}…{field["maximum"]}";
        return type + Limits(field, "Length");
    }

    private static string Limits(JsonObject field, string of) => field["max" + of] is { } most ? $" (≤ {most})" : "";
}
