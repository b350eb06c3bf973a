using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Yaml;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>What `up` asks of a cluster, the dev cluster or another one.</summary>
internal sealed class ClusterAccess : IDisposable
{
    public const string FieldManager = "berth-dev";
    public const string OperatorNamespace = "berth-system";
    private static readonly ResourceType<JsonObject> Definitions = Resources.Dynamic("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false);

    private readonly KubernetesClient client;

    public ClusterAccess(string kubeconfig)
    {
        Config = KubernetesConfig.Load(kubeconfig);
        client = new(Config, new() { UserAgent = FieldManager, RequestTimeout = TimeSpan.FromSeconds(15) });
        Views = new(client, Config.Server);
    }

    /// <summary>The operators' aggregated API there.</summary>
    public ViewRegistrar Views { get; }

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

    /// <summary>Applies our CustomResourceDefinitions, and the policies without which no approval is honoured.</summary>
    public async Task ApplyDefinitionsAsync(CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(Processes.Programs.InTree("crds"), "*.yaml").Order(StringComparer.Ordinal))
            await ApplyAsync(file, _ => Definitions, cancellationToken);
        await ApplyAsync(Processes.Programs.InTree("deploy/policies/approvals.yaml"), PolicyType, cancellationToken);
    }

    /// <summary>Null when an Approval under a false name is refused.</summary>
    public async Task<string?> WhyNoApprovalsAsync(CancellationToken cancellationToken)
    {
        var probe = new JsonObject
        {
            ["apiVersion"] = $"{Names.Group}/{Names.Version}",
            ["kind"] = "Approval",
            ["metadata"] = new JsonObject { ["name"] = "berth-policy-probe", ["namespace"] = "default" },
            ["spec"] = new JsonObject
            {
                ["taskRef"] = new JsonObject { ["name"] = "berth-policy-probe", ["uid"] = Guid.Empty.ToString() },
                ["run"] = 1,
                ["workspace"] = "berth-policy-probe",
                ["decision"] = "Approve",
                ["digest"] = "sha256:" + new string('0', 64),
                ["approver"] = "berth:nobody",
            },
        };
        try
        {
            await client.CreateAsync(Resources.Dynamic(Names.Group, Names.Version, "approvals", "Approval", namespaced: true), probe, "default", new WriteOptions { DryRun = true }, cancellationToken);
            return "the server lets an Approval under a false name pass; does it evaluate ValidatingAdmissionPolicies (v1, Kubernetes 1.30 and later)?";
        }
        catch (KubernetesException error) when (error.IsInvalid || error.IsForbidden)
        {
            return null;
        }
    }

    private async Task ApplyAsync(string file, Func<JsonObject, ResourceType<JsonObject>> type, CancellationToken cancellationToken)
    {
        foreach (var item in YamlDocuments.Read(await File.ReadAllTextAsync(file, cancellationToken)))
        {
            var options = new WriteOptions { FieldManager = FieldManager, Force = true };
            await client.PatchAsync(type(item), new(null, item["metadata"]!["name"]!.GetValue<string>()), Patch.Apply(item), options: options, cancellationToken: cancellationToken);
        }
    }

    private static ResourceType<JsonObject> PolicyType(JsonObject item) => item["kind"]!.GetValue<string>() == "ValidatingAdmissionPolicy"
        ? Resources.Dynamic("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced: false)
        : Resources.Dynamic("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced: false);

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
        (await ReadyNodesAsync(static _ => true, cancellationToken)).Count > 0 ? null : "no node is ready";

    /// <summary>The ready nodes that belong to somebody else: not those that a pod runner made, perhaps of an instance that has ended.</summary>
    public async Task<IReadOnlyList<string>> ForeignNodesAsync(CancellationToken cancellationToken) =>
        await ReadyNodesAsync(static node => node["metadata"]!["labels"]?["berth.dev/pod-runner"] is null, cancellationToken);

    private async Task<IReadOnlyList<string>> ReadyNodesAsync(Func<JsonObject, bool> which, CancellationToken cancellationToken)
    {
        var nodes = await client.ListAllAsync(Resources.Dynamic("", "v1", "nodes", "Node", namespaced: false), cancellationToken: cancellationToken);
        return nodes.Items.Where(IsReady).Where(which).Select(n => n["metadata"]!["name"]!.GetValue<string>()).ToList();
    }

    private static bool IsReady(JsonObject node) => node["status"]?["conditions"]?.AsArray()
        .Any(c => c?["type"]?.GetValue<string>() == "Ready" && c["status"]?.GetValue<string>() == "True") ?? false;
}
