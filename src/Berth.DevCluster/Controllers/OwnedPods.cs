using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>The pods of a workload: listed live, made from its template.</summary>
internal static class OwnedPods
{
    public static async Task<List<JsonObject>> ListAsync(ApiClient api, JsonObject owner, string collection, CancellationToken cancel)
    {
        string query = Uri.EscapeDataString(Selectors.Query(owner.At("spec", "selector")));
        JsonObject list = await api.GetAsync($"{collection.Replace("{ns}", owner.Namespace(), StringComparison.Ordinal)}?labelSelector={query}", cancel);
        return [.. list.Items("items").OfType<JsonObject>().Where(item => item.ControllerOwner().Text("uid") == owner.Uid())];
    }

    public static JsonObject Make(JsonObject owner, string apiVersion, string kind, JsonNode template)
    {
        JsonObject metadata = (JsonObject?)template.At("metadata")?.DeepClone() ?? [];
        metadata.Remove("creationTimestamp");
        metadata["generateName"] = owner.Name() + "-";
        metadata["namespace"] = owner.Namespace();
        metadata["ownerReferences"] = new JsonArray(Reference(owner, apiVersion, kind));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = template.At("spec")?.DeepClone(),
        };
    }

    public static JsonObject Reference(JsonObject owner, string apiVersion, string kind) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static bool IsActive(JsonObject pod) => !pod.IsDeleting() && pod.Text("status", "phase") is not ("Succeeded" or "Failed");

    public static bool IsReady(JsonObject pod) => pod.Condition("Ready").Text("status") == "True";

    /// <summary>Ready for as long as the workload asks.</summary>
    public static bool IsAvailable(JsonObject pod, long minReadySeconds) =>
        IsReady(pod) && (minReadySeconds == 0 || DateTimeOffset.UtcNow - pod.Condition("Ready").Time("lastTransitionTime") >= TimeSpan.FromSeconds(minReadySeconds));

    /// <summary>Those whose loss costs least come first: no node, not ready, youngest.</summary>
    public static IEnumerable<JsonObject> ByLoss(IEnumerable<JsonObject> pods) => pods
        .OrderBy(static pod => pod.Text("spec", "nodeName") is { Length: > 0 })
        .ThenBy(IsReady)
        .ThenBy(static pod => pod.Number("metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost") ?? 0)
        .ThenByDescending(static pod => pod.Text("metadata", "creationTimestamp"), StringComparer.Ordinal);
}
