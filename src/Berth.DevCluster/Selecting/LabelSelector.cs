using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Selecting;

/// <summary>A label selector: all its requirements must hold.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly IReadOnlyList<Requirement> _requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    private sealed record Requirement(string Key, string Operator, IReadOnlyCollection<string> Values)
    {
        public bool Matches(JsonObject? labels)
        {
            var value = labels.Text(Key);
            return Operator switch
            {
                "in" => value is not null && Values.Contains(value),
                "notin" => value is null || !Values.Contains(value),
                "exists" => value is not null,
                "!" => value is null,
                _ => value is not null && long.TryParse(value, out var n) && long.TryParse(Values.First(), out var bound) && (Operator == "gt" ? n > bound : n < bound),
            };
        }
    }

    public bool IsEverything => _requirements.Count == 0;

    public bool Matches(JsonObject? labels)
    {
        foreach (var requirement in _requirements)
        {
            if (!requirement.Matches(labels)) return false;
        }
        return true;
    }

    /// <summary>Reads the text form, such as <c>tier in (a,b),!absent,x=1</c>.</summary>
    public static LabelSelector Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Everything;
        var requirements = new List<Requirement>();
        foreach (var part in Split(text)) requirements.Add(ParseOne(part.Trim(), text));
        return new LabelSelector(requirements);
    }

    /// <summary>Reads the object form with matchLabels and matchExpressions.</summary>
    public static LabelSelector From(JsonObject? selector)
    {
        if (selector is null) return Everything;
        var requirements = (selector.Object("matchLabels") ?? []).Select(p => new Requirement(p.Key, "in", [p.Value.Text() ?? ""])).ToList();
        foreach (var expression in selector.Objects("matchExpressions"))
        {
            var name = expression.Text("operator") switch { "In" => "in", "NotIn" => "notin", "Exists" => "exists", _ => "!" };
            requirements.Add(new Requirement(expression.TextOr("", "key"), name, [.. expression.Strings("values")]));
        }
        return new LabelSelector(requirements);
    }

    private static Requirement ParseOne(string part, string whole)
    {
        if (part.Length == 0) throw Unreadable(whole, "found '', expected: !, identifier, or 'end of string'");
        if (part[0] == '!') return new Requirement(part[1..].Trim(), "!", []);
        var open = part.IndexOf('(', StringComparison.Ordinal);
        if (open > 0)
        {
            var words = part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || words[1] is not ("in" or "notin") || !part.EndsWith(')')) throw Unreadable(whole, $"found '{part}', expected: in, notin, =, ==, !=, gt, lt");
            return new Requirement(words[0], words[1], [.. part[(open + 1)..^1].Split(',').Select(v => v.Trim())]);
        }
        foreach (var (sign, name) in (ReadOnlySpan<(string, string)>)[("!=", "notin"), ("==", "in"), ("=", "in"), (">", "gt"), ("<", "lt")])
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0) return new Requirement(part[..at].Trim(), name, [part[(at + sign.Length)..].Trim()]);
        }
        if (part.Contains(' ', StringComparison.Ordinal)) throw Unreadable(whole, $"found '{part.Split(' ')[1]}', expected: in, notin, =, ==, !=, gt, lt");
        return new Requirement(part, "exists", []);
    }

    // Commas inside parentheses separate values, not requirements.
    private static IEnumerable<string> Split(string text)
    {
        int depth = 0, start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            else if (text[i] == ')') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }
        yield return text[start..];
    }

    private static StatusException Unreadable(string text, string why) => StatusException.BadRequest($"unable to parse requirement: {why}".Replace("{0}", text, StringComparison.Ordinal));
}
