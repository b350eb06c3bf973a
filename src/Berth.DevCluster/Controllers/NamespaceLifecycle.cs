using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Empties namespaces that are being deleted, says in conditions what is still in them, and lets them go.</summary>
internal sealed class NamespaceLifecycle(ControllerContext context) : Controller(context)
{
    public override string Name => "namespace-lifecycle";

    public override void Attach(Informers informers) => informers.Subscribe("api/v1/namespaces", (_, now) =>
    {
        if (now.IsDeleting())
        {
            Enqueue("/" + now.Name());
        }
    });

    protected override async Task ReconcileAsync(string key)
    {
        string name = Split(key).Name;
        string url = $"api/v1/namespaces/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } ns || !ns.IsDeleting())
        {
            return;
        }

        var left = new Dictionary<string, int>();
        var finalizers = new Dictionary<string, int>();
        foreach (ServedResource resource in (await Discovery.ReadAsync(Api, Cancel)).DistinctBy(static item => (item.Group, item.Plural)))
        {
            if (resource.Namespaced && resource.Verbs.Contains("list") && resource.Verbs.Contains("delete"))
            {
                await EmptyAsync(resource, name, left, finalizers);
            }
        }

        if (left.Count > 0)
        {
            await TellAsync(url, ns, left, finalizers);
            EnqueueAfter(key, TimeSpan.FromMilliseconds(300));
            return;
        }

        if (ns.Texts("spec", "finalizers").Contains("kubernetes"))
        {
            JsonObject next = (JsonObject)ns.DeepClone();
            next["spec"]!["finalizers"] = ns.Texts("spec", "finalizers").Where(static item => item != "kubernetes")
                .Select(static item => (JsonNode)item).ToJsonArray();
            await Api.ReplaceAsync($"{url}/finalize", next, Cancel);
        }
    }

    private async Task EmptyAsync(ServedResource resource, string ns, Dictionary<string, int> left, Dictionary<string, int> finalizers)
    {
        string collection = resource.Collection(ns);
        List<JsonNode> items = [.. (await Api.GetAsync(collection, Cancel)).Items("items")];
        foreach (JsonObject item in items.OfType<JsonObject>().Where(static item => !item.IsDeleting()))
        {
            await DeleteAsync($"{collection}/{item.Name()}", item);
        }

        if (items.Count > 0)
        {
            // Most are gone by now; what stays has a finalizer or a grace period.
            items = [.. (await Api.GetAsync(collection, Cancel)).Items("items")];
        }

        if (items.Count > 0)
        {
            left[resource.Group.Length > 0 ? $"{resource.Plural}.{resource.Group}" : $"{resource.Plural}."] = items.Count;
            foreach (string finalizer in items.SelectMany(static item => item.Texts("metadata", "finalizers")))
            {
                finalizers[finalizer] = finalizers.GetValueOrDefault(finalizer) + 1;
            }
        }
    }

    private async Task TellAsync(string url, JsonObject ns, Dictionary<string, int> left, Dictionary<string, int> finalizers)
    {
        string content = "Some resources are remaining: "
            + string.Join(", ", left.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key} has {pair.Value} resource instances"));
        string held = "Some content in the namespace has finalizers remaining: "
            + string.Join(", ", finalizers.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key} in {pair.Value} resource instances"));
        JsonObject status = (JsonObject?)ns.At("status")?.DeepClone() ?? [];
        status["phase"] = "Terminating";
        status["conditions"] = new JsonArray(
            Condition(ns, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"),
            Condition(ns, "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed"),
            Condition(ns, "NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            Condition(ns, "NamespaceContentRemaining", true, "SomeResourcesRemain", content),
            finalizers.Count > 0
                ? Condition(ns, "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", held)
                : Condition(ns, "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished"));
        await WriteStatusAsync(url, ns, status);
    }

    private static JsonObject Condition(JsonObject ns, string type, bool value, string reason, string message)
    {
        string status = value ? "True" : "False";
        JsonNode? old = ns.Condition(type);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = old.Text("status") == status ? old.Text("lastTransitionTime") : Fields.Stamp(DateTimeOffset.UtcNow),
        };
    }
}
