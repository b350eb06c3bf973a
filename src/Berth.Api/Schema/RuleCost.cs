using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.Api.Schema;

/// <summary>
/// Estimates, on the high side, what a real API server will reckon each CEL rule to cost. A server refuses the whole CRD when one rule
/// may cost more than <see cref="PerRule"/> or all of them more than <see cref="PerDefinition"/>. Its reckoning: one unit for each
/// step, a tenth of a unit for each byte or item that a comparison may have to look at (strings count four bytes a character),
/// all of it times the most items that the lists and maps above the rule may hold.
/// </summary>
internal static partial class RuleCost
{
    public const double PerRule = 10_000_000;
    public const double PerDefinition = 100_000_000;
    private const double UnitsPerElement = 0.1;
    private const int BytesPerCharacter = 4;

    /// <summary>Throws when a real server would refuse the definition for the cost of its rules.</summary>
    public static void Check(JsonObject definition)
    {
        var name = definition["metadata"]!["name"]!.GetValue<string>();
        double total = 0;
        foreach (var version in definition["spec"]!["versions"]!.AsArray())
        {
            foreach (var (rule, cost) in Of(version!["schema"]!["openAPIV3Schema"]!.AsObject()))
            {
                if (cost > PerRule) throw new InvalidOperationException($"{name}: rule '{rule}' may cost {cost:N0} units of {PerRule:N0}; bound what it compares.");
                total += cost;
            }
        }
        if (total > PerDefinition) throw new InvalidOperationException($"{name}: all rules may cost {total:N0} units of {PerDefinition:N0}; bound what they compare.");
    }

    /// <summary>Each rule of a schema with its estimated cost.</summary>
    public static IEnumerable<(string Rule, double Cost)> Of(JsonObject schema, double copies = 1)
    {
        if (schema["x-kubernetes-validations"] is JsonArray rules)
            foreach (var rule in rules.Select(r => r!["rule"]!.GetValue<string>())) yield return (rule, copies * Once(rule, schema));
        if (schema["properties"] is JsonObject properties)
            foreach (var (_, child) in properties)
                foreach (var found in Of(child!.AsObject(), copies)) yield return found;
        foreach (var (key, most) in new[] { ("items", "maxItems"), ("additionalProperties", "maxProperties") })
            if (schema[key] is JsonObject element)
                foreach (var found in Of(element, copies * (schema[most]?.GetValue<long>() ?? int.MaxValue))) yield return found;
    }

    private static double Once(string rule, JsonObject schema)
    {
        var steps = (double)Token().Count(rule);
        double items = 1;
        foreach (var path in SelfPath().Matches(rule).Select(m => m.Value.Split('.').Skip(1).ToList()))
        {
            var size = Size(schema, path, out var elements);
            steps += UnitsPerElement * size;
            if (Macro().IsMatch(rule)) items *= Math.Max(1, elements);
        }
        return steps * (Macro().IsMatch(rule) ? Math.Max(items, LiteralItems(rule)) : 1);
    }

    // How many bytes or items a comparison of the value at this path may look at. Objects count nothing: the server reckons them so.
    private static double Size(JsonObject schema, IReadOnlyList<string> path, out double elements)
    {
        elements = 0;
        var node = schema;
        foreach (var name in path)
        {
            if (node["properties"]?[name] is not JsonObject next) break;
            node = next;
        }
        switch (node["type"]?.GetValue<string>())
        {
            case "array":
                return elements = node["maxItems"]?.GetValue<long>() ?? int.MaxValue;
            case "object" when node["additionalProperties"] is not null:
                return elements = node["maxProperties"]?.GetValue<long>() ?? int.MaxValue;
            case "string" when node["enum"] is JsonArray names:
                return BytesPerCharacter * names.Max(n => n!.GetValue<string>().Length);
            case "string" when node["format"] is null:
                return BytesPerCharacter * (double)(node["maxLength"]?.GetValue<long>() ?? int.MaxValue);
            default:
                return 0;
        }
    }

    private static int LiteralItems(string rule) => LiteralList().Matches(rule).Select(m => m.Value.Count(c => c == ',') + 1).DefaultIfEmpty(1).Max();

    [GeneratedRegex(@"\b(?:self|oldSelf)(?:\.[A-Za-z_][A-Za-z0-9_]*(?!\())*", RegexOptions.CultureInvariant)]
    private static partial Regex SelfPath();

    [GeneratedRegex(@"'[^']*'|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[=!<>]=|&&|\|\||[^\s\w]", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"\.(all|exists|exists_one|map|filter)\(", RegexOptions.CultureInvariant)]
    private static partial Regex Macro();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.CultureInvariant)]
    private static partial Regex LiteralList();
}
