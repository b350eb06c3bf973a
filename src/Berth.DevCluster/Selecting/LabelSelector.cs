using System.Text.Json.Nodes;
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
        return new LabelSelector([.. new SelectorReader(text).Read().Select(t => new Requirement(t.Key, t.Operator, t.Values))]);
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
}
