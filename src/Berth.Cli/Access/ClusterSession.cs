using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>One verb's view of a cluster: a client, a namespace, and the operator.</summary>
internal sealed class ClusterSession : IDisposable
{
    /// <summary>Name of the leader's Lease.</summary>
    public const string LeaseName = "berth-operator";

    /// <param name="config">The cluster.</param>
    /// <param name="ns">The namespace that is meant where none is named.</param>
    /// <param name="operatorUrl">The operator to ask instead of the aggregated API.</param>
    /// <param name="kubeconfig">Where the configuration was read; beside it may stand the addresses of operators.</param>
    public ClusterSession(KubernetesConfig config, string ns, string? operatorUrl = null, string? kubeconfig = null)
    {
        Client = new(config, new() { UserAgent = "berth-cli", MaxRetries = 3 });
        Namespace = ns;
        Operator = OperatorViews.Find(Client, operatorUrl, kubeconfig);
    }

    public KubernetesClient Client { get; }

    public string Namespace { get; }

    /// <summary>Where the operator is installed.</summary>
    public string OperatorNamespace { get; init; } = "berth-system";

    public OperatorViews Operator { get; }

    public void Dispose()
    {
        Client.Dispose();
        Operator.Dispose();
    }

    /// <exception cref="CliException">There is no such task.</exception>
    public async Task<TaskResource> TaskAsync(string name, CancellationToken cancellationToken) =>
        await Client.TryGetAsync(BerthResources.Tasks, new(Namespace, name), cancellationToken)
        ?? throw new CliException(ExitCodes.NotWaiting, $"There is no task '{name}' in namespace '{Namespace}'; 'berth get' lists them.");

    /// <exception cref="CliException">There is no such pool.</exception>
    public async Task<AgentPoolResource> PoolAsync(string name, CancellationToken cancellationToken) =>
        await Client.TryGetAsync(BerthResources.Pools, new(Namespace, name), cancellationToken)
        ?? throw new CliException(ExitCodes.NotWaiting, $"There is no pool '{name}' in namespace '{Namespace}'; 'berth get pools' lists them.");

    /// <summary>The name under which the cluster knows the user.</summary>
    public async Task<string> UserNameAsync(CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes("""{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        var answer = await Client.SendForBytesAsync(new() { Method = HttpMethod.Post, Path = "/apis/authentication.k8s.io/v1/selfsubjectreviews", Body = body, Verb = "create" }, cancellationToken);
        return JsonNode.Parse(answer)?["status"]?["userInfo"]?["username"]?.GetValue<string>()
            ?? throw new CliException(ExitCodes.Failed, "The cluster does not tell who you are (SelfSubjectReview without a user name).");
    }
}
