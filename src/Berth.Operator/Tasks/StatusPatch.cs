using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Tasks;

/// <summary>Status is written only as a merge patch that carries the resourceVersion it was decided on.</summary>
internal static class StatusPatch
{
    /// <summary>The patch that turns one status into another. A status that was never written is written whole, zeros included.</summary>
    public static Patch Of(string? resourceVersion, Api.TaskStatus before, Api.TaskStatus after) =>
        Of(resourceVersion, before.QueuedAt is null ? [] : JsonSerializer.SerializeToNode(before, BerthJson.Default.TaskStatus)!.AsObject(), JsonSerializer.SerializeToNode(after, BerthJson.Default.TaskStatus)!.AsObject());

    /// <summary>The patch that turns one status into another.</summary>
    public static Patch Of(string? resourceVersion, AgentPoolStatus before, AgentPoolStatus after) =>
        Of(resourceVersion, before.ObservedGeneration == 0 ? [] : JsonSerializer.SerializeToNode(before, BerthJson.Default.AgentPoolStatus)!.AsObject(), JsonSerializer.SerializeToNode(after, BerthJson.Default.AgentPoolStatus)!.AsObject());

    /// <summary>The patch that puts a finalizer on, or takes it off.</summary>
    public static Patch Finalizer(ResourceMeta meta, string finalizer, bool on)
    {
        return Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = meta.ResourceVersion, ["finalizers"] = new JsonArray([.. Finalizers(meta, finalizer, on)]) },
        });
    }

    /// <summary>The finalizers of an object with one put on, or taken off.</summary>
    public static IEnumerable<JsonNode> Finalizers(ResourceMeta meta, string finalizer, bool on) =>
        (meta.Finalizers ?? []).Where(f => f != finalizer).Concat(on ? [finalizer] : []).Select(f => (JsonNode)f);

    private static Patch Of(string? resourceVersion, JsonObject before, JsonObject after) =>
        Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = resourceVersion }, ["status"] = Difference(before, after) });

    private static JsonObject Difference(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in before)
            if (!after.ContainsKey(name)) patch[name] = null;
        foreach (var (name, value) in after)
        {
            var old = before[name];
            if (JsonNode.DeepEquals(old, value)) continue;
            patch[name] = old is JsonObject a && value is JsonObject b ? Difference(a, b) : value?.DeepClone();
        }
        return patch;
    }
}
