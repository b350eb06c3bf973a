using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>
/// Registers the operators' aggregated API in a cluster, as the chart does; the operator adds its CA. In a cluster that is not ours only if its
/// API server reaches this machine: an APIService that nobody answers would keep the whole cluster from deleting namespaces.
/// </summary>
internal sealed class ViewRegistrar(KubernetesClient client, Uri server)
{
    private const string Service = "berth-view";
    private const string Name = $"{Names.Version}.{Names.ViewGroup}";
    private const string Mark = "dev.berth/registered-by";
    private static readonly ResourceType<JsonObject> Services = Resources.Dynamic("", "v1", "services", "Service", namespaced: true);
    private static readonly ResourceType<JsonObject> ApiServices = Resources.Dynamic("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced: false);
    private static readonly WriteOptions Options = new() { FieldManager = ClusterAccess.FieldManager, Force = true };

    /// <summary>Registers all replicas in the dev cluster, which knows of processes beside it.</summary>
    public Task RegisterAsync(IEnumerable<string> addresses, CancellationToken cancellationToken) => RegisterAsync(
        new() { ["dev.berth/service-address"] = string.Join(',', addresses) },
        new() { ["ports"] = new JsonArray(new JsonObject { ["name"] = "view", ["port"] = 443, ["targetPort"] = 9443, ["protocol"] = "TCP" }) },
        443, cancellationToken);

    /// <summary>Registers one replica in another cluster, by a Service of type ExternalName. Returns why not; null if that is done.</summary>
    public async Task<string?> RegisterOutsideAsync(string address, CancellationToken cancellationToken)
    {
        if (!server.IsLoopback) return $"its API server ({server.Host}) is not on this machine";
        try
        {
            if (await client.TryGetAsync(ApiServices, new(null, Name), cancellationToken) is { } there && there["metadata"]?["annotations"]?[Mark] is null) return $"APIService {Name} is registered there by somebody else";
            var colon = address.LastIndexOf(':');
            var port = int.Parse(address[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            await RegisterAsync([], new() { ["type"] = "ExternalName", ["externalName"] = address[..colon], ["ports"] = new JsonArray(new JsonObject { ["name"] = "view", ["port"] = port, ["protocol"] = "TCP" }) }, port, cancellationToken);
            return null;
        }
        catch (KubernetesException error) when (error.IsForbidden || error.IsInvalid)
        {
            return error.Status.Message ?? error.Message;
        }
    }

    /// <summary>Null when the API server says that the aggregated API answers.</summary>
    public async Task<string?> WhyNotAvailableAsync(CancellationToken cancellationToken)
    {
        var seen = await client.TryGetAsync(ApiServices, new(null, Name), cancellationToken);
        var available = seen?["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c?["type"] == "Available");
        return (string?)available?["status"] == "True" ? null : (string?)available?["message"] ?? "the API server has not looked yet";
    }

    /// <summary>Takes the registration away again, if it is ours.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if ((await client.TryGetAsync(ApiServices, new(null, Name), cancellationToken))?["metadata"]?["annotations"]?[Mark] is null) return;
        await client.DeleteAsync(ApiServices, new(null, Name), cancellationToken: cancellationToken);
        await client.DeleteAsync(Services, new(ClusterAccess.OperatorNamespace, Service), cancellationToken: cancellationToken);
    }

    private async Task RegisterAsync(JsonObject annotations, JsonObject spec, int port, CancellationToken cancellationToken)
    {
        annotations[Mark] = ClusterAccess.FieldManager;
        var service = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = Service, ["namespace"] = ClusterAccess.OperatorNamespace, ["annotations"] = annotations.DeepClone() },
            ["spec"] = spec,
        };
        await client.PatchAsync(Services, new(ClusterAccess.OperatorNamespace, Service), Patch.Apply(service), options: Options, cancellationToken: cancellationToken);
        var registration = new JsonObject
        {
            ["apiVersion"] = "apiregistration.k8s.io/v1",
            ["kind"] = "APIService",
            ["metadata"] = new JsonObject { ["name"] = Name, ["annotations"] = new JsonObject { [Mark] = ClusterAccess.FieldManager } },
            ["spec"] = new JsonObject
            {
                ["group"] = Names.ViewGroup,
                ["version"] = Names.Version,
                ["groupPriorityMinimum"] = 1000,
                ["versionPriority"] = 15,
                ["service"] = new JsonObject { ["namespace"] = ClusterAccess.OperatorNamespace, ["name"] = Service, ["port"] = port },
            },
        };
        await client.PatchAsync(ApiServices, new(null, Name), Patch.Apply(registration), options: Options, cancellationToken: cancellationToken);
    }
}
