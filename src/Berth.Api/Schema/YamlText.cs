using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.Api.Schema;

/// <summary>Writes JSON as block-style YAML: two spaces, keys in the order given, the same bytes for the same input.</summary>
public static partial class YamlText
{
    /// <summary>Writes one document.</summary>
    public static string Write(JsonObject document)
    {
        var text = new StringBuilder();
        WriteMap(text, document, 0, firstIndented: false);
        return text.ToString();
    }

    private static void WriteMap(StringBuilder text, JsonObject map, int depth, bool firstIndented)
    {
        foreach (var (key, value) in map)
        {
            if (!firstIndented) text.Append(' ', depth * 2);
            firstIndented = false;
            text.Append(Scalar(key)).Append(':');
            WriteValue(text, value, depth);
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int depth)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                text.Append('\n');
                WriteMap(text, map, depth + 1, firstIndented: false);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                foreach (var item in list) WriteItem(text, item, depth);
                break;
            case JsonValue when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Contains('\n', StringComparison.Ordinal):
                text.Append(" |-\n");
                foreach (var line in value.GetValue<string>().Split('\n')) text.Append(' ', (depth + 1) * 2).Append(line).Append('\n');
                break;
            default:
                text.Append(' ').Append(Inline(value)).Append('\n');
                break;
        }
    }

    private static void WriteItem(StringBuilder text, JsonNode? item, int depth)
    {
        text.Append(' ', depth * 2).Append("- ");
        if (item is JsonObject { Count: > 0 } map) WriteMap(text, map, depth + 1, firstIndented: true);
        else text.Append(Inline(item)).Append('\n');
    }

    private static string Inline(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when value.GetValueKind() == JsonValueKind.String => Scalar(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Scalar(string value) => PlainScalar().IsMatch(value) && !ReservedWord().IsMatch(value) && !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(" #", StringComparison.Ordinal)
        ? value
        : $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"";

    [GeneratedRegex(@"^(?:[A-Za-z/$]|\.[A-Za-z])[^\n""\t]*[^\s:]$|^[A-Za-z]$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainScalar();

    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n)$|^\.(inf|nan)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ReservedWord();
}
