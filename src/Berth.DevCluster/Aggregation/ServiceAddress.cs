using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Aggregation;

/// <summary>
/// Where a service can be reached: at its ready endpoints. There is no service network here; the annotation
/// <c>dev.berth/service-address</c> of the service (<c>127.0.0.1:8443,127.0.0.1:8444</c>) names addresses outside the cluster.
/// </summary>
internal static class ServiceAddress
{
    public const string Annotation = "dev.berth/service-address";

    /// <summary>The addresses to try, in this order; none while nothing is ready.</summary>
    public static IReadOnlyList<(string Host, int Port)> Find(Cluster cluster, AggregatedService wanted)
    {
        var service = cluster.Registry.Get("", "services").Store.Find($"{wanted.ServiceNamespace}/{wanted.ServiceName}")?.Parse();
        if (service is null) return [];
        if (service.Text("metadata", "annotations", Annotation) is { } given)
            return [.. given.Split(',').Select(a => a.Trim().Split(':')).Where(a => a.Length == 2 && int.TryParse(a[1], out _)).Select(a => (a[0], int.Parse(a[1], CultureInfo.InvariantCulture)))];
        var port = service.Objects("spec", "ports").FirstOrDefault(p => p.Number("port") == wanted.Port);
        if (service.Text("spec", "externalName") is { Length: > 0 } external) return [(external, (int)wanted.Port)];
        return (FromEndpoints(cluster, wanted, port.Text("name")) ?? FromSlices(cluster, wanted, port.Text("name"))) is { } found ? [found] : [];
    }

    private static (string, int)? FromEndpoints(Cluster cluster, AggregatedService wanted, string? portName)
    {
        var endpoints = cluster.Registry.Get("", "endpoints").Store.Find($"{wanted.ServiceNamespace}/{wanted.ServiceName}")?.Parse();
        foreach (var subset in endpoints.Objects("subsets"))
        {
            if (subset.Objects("addresses").FirstOrDefault().Text("ip") is { } ip && Port(subset, portName) is { } port) return (ip, port);
        }
        return null;
    }

    private static (string, int)? FromSlices(Cluster cluster, AggregatedService wanted, string? portName)
    {
        foreach (var slice in cluster.Registry.Get("discovery.k8s.io", "endpointslices").Store.Current.Where(s => s.Namespace == wanted.ServiceNamespace).Select(s => s.Parse()))
        {
            if (slice.Text("metadata", "labels", "kubernetes.io/service-name") != wanted.ServiceName) continue;
            var ready = slice.Objects("endpoints").FirstOrDefault(e => e.Flag("conditions", "ready") != false);
            if (ready.Strings("addresses").FirstOrDefault() is { } ip && Port(slice, portName) is { } port) return (ip, port);
        }
        return null;
    }

    private static int? Port(JsonObject holder, string? name)
    {
        var ports = holder.Objects("ports").ToList();
        var match = ports.FirstOrDefault(p => string.IsNullOrEmpty(name) || p.Text("name") == name) ?? ports.FirstOrDefault();
        return (int?)match.Number("port");
    }
}
