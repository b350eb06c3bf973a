using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Aggregation;

/// <summary>One group and version that another API server serves, as an APIService says.</summary>
internal sealed record AggregatedService(string Name, string Uid, string Group, string Version, string ServiceNamespace, string ServiceName, long Port, string CaBundle, bool Insecure, long GroupPriority, long VersionPriority)
{
    /// <summary>Null for an APIService without a service: a local one.</summary>
    public static AggregatedService? Read(JsonObject apiService)
    {
        if (apiService.Object("spec") is not { } spec || spec.Object("service") is not { } service) return null;
        return new AggregatedService(apiService.Name(), apiService.TextOr("", "metadata", "uid"), spec.TextOr("", "group"), spec.TextOr("", "version"),
            service.TextOr("", "namespace"), service.TextOr("", "name"), service.Number("port") ?? 443, spec.TextOr("", "caBundle"), spec.Flag("insecureSkipTLSVerify") == true,
            spec.Number("groupPriorityMinimum") ?? 0, spec.Number("versionPriority") ?? 0);
    }

    /// <summary>The name its certificate must be for.</summary>
    public string HostName => $"{ServiceName}.{ServiceNamespace}.svc";
}
