using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>One verb's view of a cluster: a client, a namespace, and the operator.</summary>
internal sealed class ClusterSession(KubernetesConfig config, string ns, OperatorViews views) : IDisposable
{
    public KubernetesClient Client { get; } = new(config, new() { UserAgent = "berth-cli" });

    public string Namespace { get; } = ns;

    public OperatorViews Operator { get; } = views;

    public void Dispose()
    {
        Client.Dispose();
        Operator.Dispose();
    }

    /// <exception cref="CliException">There is no such task.</exception>
    public async Task<TaskResource> TaskAsync(string name, CancellationToken cancellationToken) =>
        await Client.TryGetAsync(BerthResources.Tasks, new(Namespace, name), cancellationToken)
        ?? throw new CliException(ExitCodes.NotWaiting, $"There is no task '{name}' in namespace '{Namespace}'; 'berth get' lists them.");

    /// <summary>The name under which the cluster knows the user.</summary>
    public async Task<string> UserNameAsync(CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes("""{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        var answer = await Client.SendForBytesAsync(new() { Method = HttpMethod.Post, Path = "/apis/authentication.k8s.io/v1/selfsubjectreviews", Body = body, Verb = "create" }, cancellationToken);
        return JsonNode.Parse(answer)?["status"]?["userInfo"]?["username"]?.GetValue<string>()
            ?? throw new CliException(ExitCodes.Failed, "The cluster does not tell who you are (SelfSubjectReview without a user name).");
    }
}
