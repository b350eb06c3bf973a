using System.Text.Json.Nodes;

namespace Berth.Kubernetes.Conformance.Cluster;

/// <summary>A custom kind for the suite, read as a JSON tree.</summary>
internal static class Widgets
{
    private static readonly ResourceType<JsonObject> s_definitions = Resources.Dynamic("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
    private static readonly ObjectKey s_key = new("widgets.conformance.berth.dev");

    public static ResourceType<JsonObject> Type { get; } = Resources.Dynamic("conformance.berth.dev", "v1", "widgets", "Widget", true);

    public static JsonObject New(string ns, string name, int size = 1) => new()
    {
        ["apiVersion"] = "conformance.berth.dev/v1",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject { ["size"] = size },
    };

    public static Task RemoveAsync(KubernetesClient client) => client.DeleteAsync(s_definitions, s_key);

    public static async Task EnsureAsync(KubernetesClient client)
    {
        if (await client.TryGetAsync(s_definitions, s_key) is not null) return;
        await client.CreateAsync(s_definitions, JsonNode.Parse(Definition)!.AsObject());
        while ((await client.GetAsync(s_definitions, s_key))["status"]?["conditions"]?.AsArray().Any(static c => (string?)c!["type"] == "Established" && (string?)c["status"] == "True") != true)
            await Task.Delay(50);
    }

    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.conformance.berth.dev"},
         "spec":{"group":"conformance.berth.dev","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
          "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
           "schema":{"openAPIV3Schema":{"type":"object","properties":{
            "spec":{"type":"object","properties":{"size":{"type":"integer","maximum":100},"items":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}},
            "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}}
        """;
}
