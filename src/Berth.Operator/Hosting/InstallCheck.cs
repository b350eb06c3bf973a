using System.Text.Json.Nodes;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Approvals;
using Berth.Operator.Cluster;
using Berth.Operator.Options;
using Berth.Operator.View;

namespace Berth.Operator.Hosting;

/// <summary>
/// <c>Berth.Operator check</c>, which <c>helm test</c> runs under the operator's own service account: the resources are served and may be
/// read, somebody leads, the cluster checks who approves, the database answers. Says all that is wrong; exits with 0 only if nothing is.
/// </summary>
internal sealed class InstallCheck(KubernetesClient client, ApprovalProver prover, HistoryStore history, OperatorOptions options, TimeProvider time, TextWriter output)
{
    private static readonly TimeSpan LeaderWithin = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>Runs the check with the options of the operator.</summary>
    public static async Task<int> RunAsync(OperatorOptions options, KubernetesConfig cluster)
    {
        await using var services = new ServiceCollection().AddLogging().AddOperator(options, cluster).BuildServiceProvider();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        // A store of its own: nothing is read or written that encryption keys would be needed for.
        await using var history = new HistoryStore(options.Postgres.ConnectionString!);
        var check = new InstallCheck(services.GetRequiredService<KubernetesClient>(), services.GetRequiredService<ApprovalProver>(), history, options, TimeProvider.System, Console.Out);
        return await check.RunAsync(limit.Token) ? 0 : 1;
    }

    /// <summary>Whether all is well.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var well = await TryAsync("tasks, pools and approvals can be read", ResourcesAsync, cancellationToken);
        well &= await TryAsync("a replica leads", LeaderAsync, cancellationToken);
        well &= await TryAsync("the cluster checks who approves", PolicyAsync, cancellationToken);
        well &= await TryAsync("the database answers", token => history.PingAsync(token), cancellationToken);
        if (options.View.Address is { Length: > 0 }) well &= await TryAsync("the API server reaches the aggregated API", ViewAsync, cancellationToken);
        return well;
    }

    private async Task<bool> TryAsync(string what, Func<CancellationToken, Task> check, CancellationToken cancellationToken)
    {
        try
        {
            await check(cancellationToken);
            await output.WriteLineAsync($"ok: {what}");
            return true;
        }
        catch (Exception e) when (e is KubernetesException or HistoryUnavailableException or InstallCheckException or OperationCanceledException)
        {
            await output.WriteLineAsync($"FAILED: {what}: {e.Message}");
            return false;
        }
    }

    private async Task ResourcesAsync(CancellationToken cancellationToken)
    {
        var one = new ListOptions { Limit = 1 };
        foreach (var ns in options.Operator.WatchNamespaces.DefaultIfEmpty())
        {
            await client.ListAsync(BerthResources.Tasks, ns, one, cancellationToken);
            await client.ListAsync(BerthResources.Pools, ns, one, cancellationToken);
            await client.ListAsync(BerthResources.Approvals, ns, one, cancellationToken);
        }
    }

    /// <summary>The lease must be renewed while we look; its times are the holder's clock and prove nothing by themselves.</summary>
    private async Task LeaderAsync(CancellationToken cancellationToken)
    {
        var key = new ObjectKey(options.Operator.Namespace, options.Lease.Name);
        var first = await client.TryGetAsync(Kubernetes.Resources.Leases, key, cancellationToken);
        for (var until = time.GetUtcNow() + LeaderWithin; time.GetUtcNow() < until;)
        {
            await Task.Delay(LookAgain, time, cancellationToken);
            var now = await client.TryGetAsync(Kubernetes.Resources.Leases, key, cancellationToken);
            if (now?.Spec?.HolderIdentity is { Length: > 0 } && now.Metadata.ResourceVersion != first?.Metadata.ResourceVersion) return;
        }
        throw new InstallCheckException(first?.Spec?.HolderIdentity is { Length: > 0 } holder
            ? $"{holder} holds Lease {key} and did not renew it for {LeaderWithin.TotalSeconds} s; look at its log"
            : $"nobody holds Lease {key}; look at the operator's pods");
    }

    /// <summary>The registration is new, or its CA, when this runs right after an install: the API server is given time to look again.</summary>
    private async Task ViewAsync(CancellationToken cancellationToken)
    {
        string? why = null;
        for (var until = time.GetUtcNow() + LeaderWithin; time.GetUtcNow() < until; await Task.Delay(LookAgain, time, cancellationToken))
        {
            var service = await client.TryGetAsync(ViewRegistration.ApiServices, new ObjectKey(ViewRegistration.ApiServiceName), cancellationToken)
                ?? throw new InstallCheckException($"there is no APIService {ViewRegistration.ApiServiceName}; install it with the chart, or set view.enabled=false");
            var available = (service["status"]?["conditions"] as JsonArray)?.FirstOrDefault(c => (string?)c?["type"] == "Available");
            if ((string?)available?["status"] == "True") return;
            why = available is null ? "it has not looked yet" : $"{available["reason"]}: {available["message"]}";
        }
        throw new InstallCheckException($"APIService {ViewRegistration.ApiServiceName} is not available ({why}). While that is so the whole cluster cannot finish deleting namespaces: let the API server reach port 9443 of the operator's pods (view.port), or set view.enabled=false");
    }

    private async Task PolicyAsync(CancellationToken cancellationToken)
    {
        foreach (var ns in options.Operator.WatchNamespaces.DefaultIfEmpty(options.Operator.Namespace))
        {
            var (proven, detail, _) = await prover.TryAsync(ns, cancellationToken);
            if (!proven) throw new InstallCheckException(detail);
        }
    }
}

/// <summary>Something of the installation is not as it should be.</summary>
internal sealed class InstallCheckException(string message) : Exception(message);
