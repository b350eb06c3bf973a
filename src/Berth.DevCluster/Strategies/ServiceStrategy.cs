using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Services: port defaults and addresses. Addresses are given out, nothing listens on them.</summary>
internal sealed class ServiceStrategy : ResourceStrategy
{
    private static int _lastAddress = 1;
    private static int _lastNodePort = 30000;

    public override bool HasStatus => true;

    public override bool ReturnsDeletedObject => true;

    public override NameRule NameRule => NameRule.Label;

    public override void Default(JsonObject obj)
    {
        var spec = obj.Ensure("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        if (spec.Text("type") is "NodePort" or "LoadBalancer") spec.Default("externalTrafficPolicy", "Cluster");
        if (spec.Text("type") == "LoadBalancer") spec.Default("allocateLoadBalancerNodePorts", true);
        if (spec.Text("type") != "ExternalName") spec.Default("internalTrafficPolicy", "Cluster");
        foreach (var port in spec.Objects("ports"))
        {
            port.Default("protocol", "TCP");
            if (port["targetPort"] is null || port["targetPort"].ScalarText() is "0" or "") port["targetPort"] = port["port"]?.DeepClone();
        }
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        base.PrepareForCreate(obj);
        obj["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        Allocate(obj.Ensure("spec"));
    }

    public override void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
        var spec = obj.Ensure("spec");
        if (spec.Text("type") == "ExternalName") return;
        foreach (var field in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
        {
            if (spec[field] is null && old.At("spec", field) is { } kept) spec[field] = kept.DeepClone();
        }
        Allocate(spec);
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        var before = old?.Text("spec", "clusterIP");
        if (before is { Length: > 0 } && before != "None" && obj.Text("spec", "type") != "ExternalName" && obj.Text("spec", "clusterIP") != before)
            errors.Add(FieldError.Invalid("spec.clusterIPs[0]", $"[\"{obj.TextOr("", "spec", "clusterIP")}\"]", "may not change once set"));
        if (obj.Array("spec", "ports") is null or { Count: 0 } && obj.Text("spec", "clusterIP") != "None" && obj.Text("spec", "type") != "ExternalName")
            errors.Add(FieldError.Required("spec.ports"));
        var type = obj.TextOr("", "spec", "type");
        if (type is not ("ClusterIP" or "ExternalName" or "LoadBalancer" or "NodePort")) errors.Add(FieldError.NotSupported("spec.type", type, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"));
        if (type == "ExternalName" && obj.TextOr("", "spec", "externalName").Length == 0) errors.Add(FieldError.Required("spec.externalName"));
        var affinity = obj.TextOr("", "spec", "sessionAffinity");
        if (affinity is not ("ClientIP" or "None")) errors.Add(FieldError.NotSupported("spec.sessionAffinity", affinity, "ClientIP", "None"));
        ServicePorts.Validate([.. obj.Objects("spec", "ports")], errors);
    }

    private static void Allocate(JsonObject spec)
    {
        if (spec.Text("type") == "ExternalName") return;
        if (string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            var number = Interlocked.Increment(ref _lastAddress);
            spec["clusterIP"] = $"10.96.{number / 250 % 250}.{(number % 250) + 1}";
        }
        spec["clusterIPs"] = new JsonArray(spec.Text("clusterIP"));
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
        if (spec.Text("type") is not ("NodePort" or "LoadBalancer")) return;
        foreach (var port in spec.Objects("ports"))
        {
            if (port.Number("nodePort") is null or 0) port["nodePort"] = 30000 + (Interlocked.Increment(ref _lastNodePort) % 2768);
        }
    }
}
