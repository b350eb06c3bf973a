using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Aggregation;

/// <summary>Turns the resource list of an aggregated server into the entries of aggregated discovery.</summary>
internal static class AggregatedDiscovery
{
    public static JsonArray Resources(IEnumerable<JsonObject> listed, string group, string version)
    {
        var all = listed.ToList();
        var result = new JsonArray();
        foreach (var resource in all.Where(r => !r.TextOr("", "name").Contains('/', StringComparison.Ordinal)))
        {
            var name = resource.TextOr("", "name");
            var entry = new JsonObject
            {
                ["resource"] = name,
                ["responseKind"] = Kind(resource, group, version),
                ["scope"] = resource.Flag("namespaced") == true ? "Namespaced" : "Cluster",
                ["singularResource"] = resource.TextOr("", "singularName"),
                ["verbs"] = resource.Strings("verbs").ToJson(),
            };
            foreach (var field in (ReadOnlySpan<string>)["shortNames", "categories"])
            {
                if (resource.Array(field) is { Count: > 0 } values) entry[field] = values.DeepClone();
            }
            var subresources = all.Where(r => r.TextOr("", "name").StartsWith(name + "/", StringComparison.Ordinal)).Select(s => (JsonNode)new JsonObject
            {
                ["subresource"] = s.TextOr("", "name")[(name.Length + 1)..],
                ["responseKind"] = Kind(s, group, version),
                ["verbs"] = s.Strings("verbs").ToJson(),
            }).ToArray();
            if (subresources.Length > 0) entry["subresources"] = new JsonArray(subresources);
            result.Add((JsonNode)entry);
        }
        return result;
    }

    private static JsonObject Kind(JsonObject resource, string group, string version) => new()
    {
        ["group"] = resource.Text("group") is { Length: > 0 } own ? own : group,
        ["version"] = resource.Text("version") is { Length: > 0 } v ? v : version,
        ["kind"] = resource.TextOr("", "kind"),
    };
}
