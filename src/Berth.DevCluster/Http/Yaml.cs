using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Berth.DevCluster.Http;

/// <summary>Reads YAML into JSON with Kubernetes' reading of plain scalars.</summary>
internal static class Yaml
{
    /// <exception cref="YamlException">The text is not YAML.</exception>
    public static JsonNode? Parse(string text, List<string> duplicates)
    {
        using var input = new StringReader(text);
        var parser = new Parser(input);
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _)) return null;
        return Value(parser, "", duplicates, []);
    }

    /// <summary>All documents of a file, empty ones left out.</summary>
    public static IEnumerable<JsonObject> Documents(string text)
    {
        using var input = new StringReader(text);
        var parser = new Parser(input);
        parser.Consume<StreamStart>();
        while (parser.TryConsume<DocumentStart>(out _))
        {
            var value = Value(parser, "", [], []);
            parser.Consume<DocumentEnd>();
            if (value is JsonObject o) yield return o;
        }
    }

    private static JsonNode? Value(IParser parser, string path, List<string> duplicates, Dictionary<string, JsonNode?> anchors)
    {
        if (parser.TryConsume<AnchorAlias>(out var alias)) return anchors.GetValueOrDefault(alias.Value.Value)?.DeepClone();
        if (parser.TryConsume<Scalar>(out var scalar)) return Remember(anchors, scalar, ScalarValue(scalar));
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _)) list.Add(Value(parser, $"{path}[{list.Count}]", duplicates, anchors));
            return Remember(anchors, sequence, list);
        }
        var start = parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>().Value;
            var at = path.Length == 0 ? key : $"{path}.{key}";
            var value = Value(parser, at, duplicates, anchors);
            if (key == "<<" && value is JsonObject merged)
            {
                foreach (var (k, v) in merged) map.TryAdd(k, v?.DeepClone());
                continue;
            }
            if (map.ContainsKey(key)) duplicates.Add(at);
            map[key] = value;
        }
        return Remember(anchors, start, map);
    }

    private static JsonNode? Remember(Dictionary<string, JsonNode?> anchors, NodeEvent node, JsonNode? value)
    {
        if (!node.Anchor.IsEmpty) anchors[node.Anchor.Value] = value?.DeepClone();
        return value;
    }

    private static JsonNode? ScalarValue(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag is { IsEmpty: false, Value: "tag:yaml.org,2002:str" }) return JsonValue.Create(text);
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON": return JsonValue.Create(true);
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF": return JsonValue.Create(false);
        }
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && !(text.Length > 1 && text[0] == '0')) return JsonValue.Create(whole);
        if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex)) return JsonValue.Create(hex);
        if (text.Length > 1 && text[0] == '0' && text.All(c => c is >= '0' and <= '7')) return JsonValue.Create(Convert.ToInt64(text, 8));
        if (text.Any(char.IsDigit) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && !double.IsInfinity(number)) return JsonValue.Create(number);
        return JsonValue.Create(text);
    }
}
