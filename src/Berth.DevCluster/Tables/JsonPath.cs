using System.Globalization;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tables;

/// <summary>The simple JSON paths of CRDs: fields, indexes, and filters of the form <c>[?(@.type=="Ready")]</c>.</summary>
internal static class JsonPath
{
    public static IEnumerable<JsonNode> Find(JsonNode root, string path)
    {
        IEnumerable<JsonNode> nodes = [root];
        foreach (var step in Steps(path)) nodes = nodes.SelectMany(n => Take(n, step)).ToList();
        return nodes;
    }

    /// <summary>Sets a plain path of fields, making what is missing.</summary>
    public static void Set(JsonObject root, string path, JsonNode? value)
    {
        var steps = Steps(path).ToList();
        var at = root;
        foreach (var step in steps[..^1]) at = Json.JsonReading.Ensure(at, step);
        at[steps[^1]] = value;
    }

    public static IEnumerable<string> Steps(string path)
    {
        var i = 0;
        while (i < path.Length)
        {
            if (path[i] == '.')
            {
                i++;
                continue;
            }
            if (path[i] == '[')
            {
                var close = Close(path, i);
                yield return path[i..(close + 1)];
                i = close + 1;
                continue;
            }
            var start = i;
            var name = new System.Text.StringBuilder();
            while (i < path.Length && path[i] is not ('.' or '['))
            {
                if (path[i] == '\\' && i + 1 < path.Length) i++;
                name.Append(path[i++]);
            }
            if (i > start) yield return name.ToString();
        }
    }

    private static int Close(string path, int open)
    {
        var quote = '\0';
        for (var i = open; i < path.Length; i++)
        {
            if (quote != '\0') quote = path[i] == quote ? '\0' : quote;
            else if (path[i] is '\'' or '"') quote = path[i];
            else if (path[i] == ']') return i;
        }
        return path.Length - 1;
    }

    private static IEnumerable<JsonNode> Take(JsonNode node, string step)
    {
        if (step[0] != '[') return node is JsonObject o && o[step] is { } child ? [child] : [];
        var inner = step[1..^1].Trim();
        if (inner == "*") return node switch { JsonArray all => all.OfType<JsonNode>(), JsonObject map => map.Select(p => p.Value).OfType<JsonNode>(), _ => [] };
        if (inner.Length > 1 && inner[0] is '\'' or '"') return node is JsonObject named && named[inner[1..^1]] is { } value ? [value] : [];
        if (node is not JsonArray list) return [];
        if (int.TryParse(inner, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            var at = index < 0 ? list.Count + index : index;
            return at >= 0 && at < list.Count && list[at] is { } item ? [item] : [];
        }
        return inner.StartsWith("?(", StringComparison.Ordinal) && inner.EndsWith(')') ? list.OfType<JsonNode>().Where(n => Holds(n, inner[2..^1])) : [];
    }

    private static bool Holds(JsonNode node, string filter)
    {
        foreach (var sign in (ReadOnlySpan<string>)["==", "!="])
        {
            var at = filter.IndexOf(sign, StringComparison.Ordinal);
            if (at < 0) continue;
            var left = Find(node, filter[..at].Trim().TrimStart('@')).FirstOrDefault();
            var right = filter[(at + sign.Length)..].Trim().Trim('"', '\'');
            return (Json.JsonReading.ScalarText(left) == right) == (sign == "==");
        }
        return Find(node, filter.Trim().TrimStart('@')).Any();
    }
}
