using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Options;

namespace Berth.Operator.Hosting;

/// <summary>
/// <c>Berth.Operator check-uninstall</c>, which the chart runs before it goes: without the operator nobody learns how running work ended, and
/// whatever is being deleted waits for ever for its finalizer. Both are named, and the uninstall stops.
/// </summary>
internal sealed class UninstallCheck(KubernetesClient client, OperatorOptions options, TextWriter output)
{
    private const int Named = 10;

    /// <summary>Runs the check with the options of the operator.</summary>
    public static async Task<int> RunAsync(OperatorOptions options, KubernetesConfig cluster)
    {
        await using var services = new ServiceCollection().AddLogging().AddOperator(options, cluster).BuildServiceProvider();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await new UninstallCheck(services.GetRequiredService<KubernetesClient>(), options, Console.Out).RunAsync(limit.Token) ? 0 : 1;
    }

    /// <summary>Whether nothing stands against it.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        List<TaskResource> tasks = [];
        List<AgentPoolResource> pools = [];
        foreach (var ns in options.Operator.WatchNamespaces.DefaultIfEmpty())
        {
            tasks.AddRange((await client.ListAsync(BerthResources.Tasks, ns, cancellationToken: cancellationToken)).Items);
            pools.AddRange((await client.ListAsync(BerthResources.Pools, ns, cancellationToken: cancellationToken)).Items);
        }
        var running = tasks.Where(t => t.Status.Phase.MayRun()).Select(t => $"task {t.Metadata.Namespace}/{t.Metadata.Name} ({t.Status.Phase})").ToList();
        var going = tasks.Where(t => t.Metadata.DeletionTimestamp is not null).Select(t => $"task {t.Metadata.Namespace}/{t.Metadata.Name}")
            .Concat(pools.Where(p => p.Metadata.DeletionTimestamp is not null).Select(p => $"pool {p.Metadata.Namespace}/{p.Metadata.Name}")).ToList();
        await SayAsync("work is under way, and nobody would learn how it ends", running, "wait for it, or stop it with spec.desiredState: Stopped");
        await SayAsync("these are being deleted and would wait for ever for their finalizers", going, "wait until they are gone");
        if (running.Count == 0 && going.Count == 0)
        {
            await output.WriteLineAsync($"ok: nothing runs and nothing is being deleted; {tasks.Count} tasks and {pools.Count} pools stay with their CRDs");
            return true;
        }
        await output.WriteLineAsync("The uninstall stops here. 'helm uninstall --no-hooks' goes on regardless; docs/uninstall.md says what to do then.");
        return false;
    }

    private async Task SayAsync(string what, List<string> names, string remedy)
    {
        if (names.Count == 0) return;
        var more = names.Count > Named ? $" and {names.Count - Named} more" : "";
        await output.WriteLineAsync($"FAILED: {what}: {string.Join(", ", names.Take(Named))}{more}; {remedy}");
    }
}
