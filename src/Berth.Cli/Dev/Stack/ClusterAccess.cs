using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Yaml;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>What `up` asks of a cluster, the dev cluster or another one.</summary>
internal sealed class ClusterAccess : IDisposable
{
    private const string FieldManager = "berth-dev";
    private const string OperatorNamespace = "berth-system";
    private const string ViewService = "berth-view";
    private static readonly ResourceType<JsonObject> Definitions = Resources.Dynamic("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false);

    private readonly KubernetesClient client;

    public ClusterAccess(string kubeconfig)
    {
        Config = KubernetesConfig.Load(kubeconfig);
        client = new(Config, new() { UserAgent = FieldManager, RequestTimeout = TimeSpan.FromSeconds(15) });
    }

    public KubernetesConfig Config { get; }

    public void Dispose() => client.Dispose();

    /// <summary>Null when the API server behind a kubeconfig says that it is ready.</summary>
    public static async Task<string?> WhyNotReadyAsync(string kubeconfig, CancellationToken cancellationToken)
    {
        try
        {
            using var access = new ClusterAccess(kubeconfig);
            await access.client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = "/readyz" }, cancellationToken);
            return null;
        }
        catch (Exception error) when (error is KubernetesException or KubernetesConfigException or IOException)
        {
            return error.Message;
        }
    }

    /// <summary>Applies our CustomResourceDefinitions.</summary>
    public async Task ApplyDefinitionsAsync(CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(Processes.Programs.InTree("crds"), "*.yaml").Order(StringComparer.Ordinal))
        {
            foreach (var definition in YamlDocuments.Read(File.ReadAllText(file)))
            {
                var options = new WriteOptions { FieldManager = FieldManager, Force = true };
                await client.PatchAsync(Definitions, new(null, definition["metadata"]!["name"]!.GetValue<string>()), Patch.Apply(definition), options: options, cancellationToken: cancellationToken);
            }
        }
    }

    /// <summary>Makes the operator's namespace, if it is not there.</summary>
    public async Task EnsureNamespaceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateAsync(Resources.Namespaces, new() { Metadata = new() { Name = OperatorNamespace } }, cancellationToken: cancellationToken);
        }
        catch (KubernetesException error) when (error.IsAlreadyExists)
        {
            return;
        }
    }

    /// <summary>Registers the operators' aggregated API, as the chart does; the operator adds its CA.</summary>
    public async Task RegisterViewsAsync(IEnumerable<string> addresses, CancellationToken cancellationToken)
    {
        var options = new WriteOptions { FieldManager = FieldManager, Force = true };
        var service = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject { ["name"] = ViewService, ["namespace"] = OperatorNamespace, ["annotations"] = new JsonObject { ["dev.berth/service-address"] = string.Join(',', addresses) } },
            ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["name"] = "view", ["port"] = 443, ["targetPort"] = 9443, ["protocol"] = "TCP" }) },
        };
        await client.PatchAsync(Resources.Dynamic("", "v1", "services", "Service", namespaced: true), new(OperatorNamespace, ViewService), Patch.Apply(service), options: options, cancellationToken: cancellationToken);
        const string name = $"{Names.Version}.{Names.ViewGroup}";
        var registration = new JsonObject
        {
            ["apiVersion"] = "apiregistration.k8s.io/v1",
            ["kind"] = "APIService",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["group"] = Names.ViewGroup,
                ["version"] = Names.Version,
                ["groupPriorityMinimum"] = 1000,
                ["versionPriority"] = 15,
                ["service"] = new JsonObject { ["namespace"] = OperatorNamespace, ["name"] = ViewService, ["port"] = 443 },
            },
        };
        await client.PatchAsync(Resources.Dynamic("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced: false), new(null, name), Patch.Apply(registration), options: options, cancellationToken: cancellationToken);
    }

    /// <summary>Null when the server takes pools.</summary>
    public async Task<string?> WhyNoPoolsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.ListAsync(Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", namespaced: true), "default", cancellationToken: cancellationToken);
            return null;
        }
        catch (KubernetesException error) when (error.IsNotFound || error.IsNoAnswer)
        {
            return $"the server does not serve AgentPools: {error.Message}";
        }
    }

    /// <summary>Null when a node is ready.</summary>
    public async Task<string?> WhyNoNodeAsync(CancellationToken cancellationToken) =>
        (await ReadyNodesAsync(cancellationToken)).Count > 0 ? null : "no node is ready";

    /// <summary>The nodes that are ready, by name.</summary>
    public async Task<IReadOnlyList<string>> ReadyNodesAsync(CancellationToken cancellationToken)
    {
        var nodes = await client.ListAllAsync(Resources.Dynamic("", "v1", "nodes", "Node", namespaced: false), cancellationToken: cancellationToken);
        return nodes.Items.Where(IsReady).Select(n => n["metadata"]!["name"]!.GetValue<string>()).ToList();
    }

    private static bool IsReady(JsonObject node) => node["status"]?["conditions"]?.AsArray()
        .Any(c => c?["type"]?.GetValue<string>() == "Ready" && c["status"]?.GetValue<string>() == "True") ?? false;
}
