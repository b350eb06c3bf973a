using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Strategies;

/// <summary>What the server fills into pod specs, in pods and in templates.</summary>
internal static class PodDefaults
{
    public static void Apply(JsonObject spec)
    {
        // Two spellings of one field: each fills the other.
        var account = spec.Text("serviceAccountName") ?? spec.Text("serviceAccount");
        if (!string.IsNullOrEmpty(account)) spec["serviceAccountName"] = spec["serviceAccount"] = null;
        if (!string.IsNullOrEmpty(account))
        {
            spec["serviceAccountName"] = account;
            spec["serviceAccount"] = account;
        }
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        if (spec.Number("terminationGracePeriodSeconds") < 0) spec["terminationGracePeriodSeconds"] = 1;
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers", "ephemeralContainers"])
        {
            foreach (var container in spec.Objects(list)) Container(container);
        }
        foreach (var volume in spec.Objects("volumes")) Volume(volume);
    }

    private static void Container(JsonObject container)
    {
        if (string.IsNullOrEmpty(container.Text("imagePullPolicy"))) container["imagePullPolicy"] = PullPolicy(container.TextOr("", "image"));
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        container.Default("resources", new JsonObject());
        foreach (var port in container.Objects("ports")) port.Default("protocol", "TCP");
        foreach (var variable in container.Objects("env"))
        {
            if (variable.Object("valueFrom", "fieldRef") is { } reference) reference.Default("apiVersion", "v1");
        }
        foreach (var probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Object(probe) is { } p) Probe(p);
        }
        if (container.Object("lifecycle", "preStop", "httpGet") is { } stop) HttpGet(stop);
        if (container.Object("lifecycle", "postStart", "httpGet") is { } start) HttpGet(start);
        Requests(container);
    }

    // A limit without a request asks for as much as it allows.
    private static void Requests(JsonObject container)
    {
        if (container.Object("resources", "limits") is not { } limits) return;
        var requests = container.Ensure("resources").Ensure("requests");
        foreach (var (name, value) in limits) requests.Default(name, value?.DeepClone());
    }

    private static string PullPolicy(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..];
        if (name.Contains('@', StringComparison.Ordinal)) return "IfNotPresent";
        var colon = name.LastIndexOf(':');
        return colon < 0 || name[(colon + 1)..] == "latest" ? "Always" : "IfNotPresent";
    }

    private static void Probe(JsonObject probe)
    {
        probe.Default("timeoutSeconds", 1);
        probe.Default("periodSeconds", 10);
        probe.Default("successThreshold", 1);
        probe.Default("failureThreshold", 3);
        if (probe.Object("httpGet") is { } get) HttpGet(get);
        if (probe.Object("grpc") is { } grpc) grpc.Default("service", "");
    }

    private static void HttpGet(JsonObject get)
    {
        get.Default("path", "/");
        get.Default("scheme", "HTTP");
    }

    private static void Volume(JsonObject volume)
    {
        if (!volume.Any(p => p.Key != "name" && p.Value is not null)) volume["emptyDir"] = new JsonObject();
        foreach (var source in (ReadOnlySpan<string>)["secret", "configMap", "projected", "downwardAPI"])
        {
            if (volume.Object(source) is { } s) s.Default("defaultMode", 420);
        }
        if (volume.Object("hostPath") is { } host) host.Default("type", "");
        foreach (var projection in volume.Objects("projected", "sources"))
        {
            if (projection.Object("serviceAccountToken") is { } token) token.Default("expirationSeconds", 3600);
            foreach (var item in projection.Objects("downwardAPI", "items")) FieldRef(item);
        }
        foreach (var item in volume.Objects("downwardAPI", "items")) FieldRef(item);
    }

    private static void FieldRef(JsonObject item)
    {
        if (item.Object("fieldRef") is { } reference) reference.Default("apiVersion", "v1");
    }
}
