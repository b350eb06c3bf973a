using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Label selectors of objects, as query text and as a test.</summary>
internal static class Selectors
{
    public static string Query(JsonNode? selector)
    {
        IEnumerable<string> labels = selector.Map("matchLabels").Select(static pair => $"{pair.Key}={pair.Value}");
        IEnumerable<string> expressions = selector.Items("matchExpressions").Select(static item => item.Text("operator") switch
        {
            "In" => $"{item.Text("key")} in ({string.Join(',', item.Texts("values"))})",
            "NotIn" => $"{item.Text("key")} notin ({string.Join(',', item.Texts("values"))})",
            "Exists" => item.Text("key")!,
            _ => $"!{item.Text("key")}",
        });
        return string.Join(',', labels.Concat(expressions));
    }

    public static bool Matches(JsonNode? selector, JsonNode item)
    {
        return selector is not null
            && selector.Map("matchLabels").All(pair => Label(pair.Key) == pair.Value)
            && selector.Items("matchExpressions").All(Holds);

        string? Label(string key) => item.Text("metadata", "labels", key);

        bool Holds(JsonNode expression)
        {
            string? value = Label(expression.Text("key") ?? "");
            return expression.Text("operator") switch
            {
                "In" => value is not null && expression.Texts("values").Contains(value),
                "NotIn" => value is null || !expression.Texts("values").Contains(value),
                "Exists" => value is not null,
                _ => value is null,
            };
        }
    }
}
