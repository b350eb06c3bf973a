using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Pods: spec defaults, quality of service, graceful deletion, and a spec that hardly changes.</summary>
internal sealed class PodStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override bool TracksGeneration => true;

    public override bool ReturnsDeletedObject => true;

    public override long? GracePeriod(JsonObject obj, long? asked)
    {
        // A pod that never reached a node, or whose containers all ended, has nothing to wait for.
        if (string.IsNullOrEmpty(obj.Text("spec", "nodeName")) || obj.Text("status", "phase") is "Failed" or "Succeeded") return 0;
        return asked ?? obj.Number("spec", "terminationGracePeriodSeconds") ?? 30;
    }

    public override void Default(JsonObject obj)
    {
        var spec = obj.Ensure("spec");
        PodDefaults.Apply(spec);
        spec.Default("enableServiceLinks", true);
        var status = obj.Object("status");
        if (status?.Text("podIP") is { Length: > 0 } ip)
        {
            if (status.Array("podIPs") is null) status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = ip });
            else if (status.Array("podIPs") is [JsonObject first, ..]) first["ip"] = ip;
        }
        if (status?.Text("hostIP") is { Length: > 0 } host) status.Default("hostIPs", new JsonArray(new JsonObject { ["ip"] = host }));
    }

    public override void PrepareForCreate(JsonObject obj) =>
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(obj) };

    public override void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
        if (old.At("status", "qosClass") is { } quality) obj.Ensure("status")["qosClass"] = quality.DeepClone();
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (old is null) PodValidation.Spec(obj.Object("spec"), "spec", errors);
        else PodValidation.Update(obj, old, errors);
    }

    public override void ValidateSubresource(string subresource, JsonObject obj, JsonObject old, FieldErrors errors)
    {
        if (subresource == "ephemeralcontainers") PodValidation.Ephemeral(obj, old, errors);
        else Validate(obj, old, errors);
    }

    private static string QualityOfService(JsonObject obj)
    {
        var containers = obj.Objects("spec", "containers").Concat(obj.Objects("spec", "initContainers")).ToList();
        if (containers.All(c => c.Object("resources", "requests") is null or { Count: 0 } && c.Object("resources", "limits") is null or { Count: 0 })) return "BestEffort";
        var guaranteed = containers.All(c => c.Object("resources", "limits") is { } limits && limits.ContainsKey("cpu") && limits.ContainsKey("memory")
            && JsonNode.DeepEquals(limits, c.At("resources", "requests")));
        return guaranteed ? "Guaranteed" : "Burstable";
    }
}
