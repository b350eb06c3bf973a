using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.DevCluster;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>Everything that one `up` runs: started in order, stopped in reverse. Lives in the supervisor process.</summary>
internal sealed class RunningStack(UpOptions options, InstanceDirectory directory) : IAsyncDisposable
{
    private static readonly TimeSpan ViewsWithin = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> loops = [];
    private readonly Lock gate = new();
    private PostgresServer? postgres;
    private PostgresAddress? address;
    private SupervisedProgram? cluster;
    private SupervisedProgram? pods;
    private string? podsAddress;
    private IReadOnlyList<OperatorReplica> operators = [];
    private bool isReady;
    private bool isRegistered;

    /// <summary>What the user should know once all is ready; empty for nothing.</summary>
    public string Note { get; private set; } = "";

    /// <summary>Returns when everything is ready.</summary>
    /// <exception cref="DevException">Something does not come up.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Tell(options.Kubeconfig is null ? "starting PostgreSQL and the dev cluster" : "starting PostgreSQL");
        if (options.Kubeconfig is null) Run(cluster = ClusterServer.Create(directory, options.Faults, Changed));
        else KubeconfigCopy.Write(options.Kubeconfig, directory.Kubeconfig);
        await StartPostgresAsync(cancellationToken);
        Changed();
        if (cluster is not null) await ClusterServer.ReadyAsync(cluster, directory, options.Timeout, cancellationToken);
        using var access = new ClusterAccess(directory.Kubeconfig);
        await PrepareClusterAsync(access, cancellationToken);
        if (options.Operator)
        {
            Tell("starting the operator");
            operators = OperatorReplica.Create(options.Replicas, directory, address!, Changed);
            if (options.Kubeconfig is null) await access.Views.RegisterAsync(operators.Select(o => o.View), cancellationToken);
            foreach (var replica in operators) Run(replica.Program);
        }
        await ReadyAsync(access, cancellationToken);
        if (options.Kubeconfig is not null && operators.Count > 0) await RegisterViewsAsync(access, cancellationToken);
        isReady = true;
        Changed();
    }

    /// <summary>Ends everything, in the reverse order of starting.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (isRegistered) await UnregisterViewsAsync();
        await Task.WhenAll(operators.Select(o => o.Program.StopAsync()));
        if (pods is not null) await pods.StopAsync();
        if (cluster is not null) await cluster.StopAsync();
        if (postgres is not null) await postgres.Program.StopAsync();
        await Task.WhenAll(loops);
        stopping.Dispose();
    }

    private async Task StartPostgresAsync(CancellationToken cancellationToken)
    {
        if (options.Postgres is not null)
        {
            address = PostgresAddress.Parse(options.Postgres);
            return;
        }
        postgres = await PostgresServer.CreateAsync(directory, Changed);
        address = postgres.Address;
        Run(postgres.Program);
        await postgres.CreateDatabaseAsync(cancellationToken);
    }

    private void Run(SupervisedProgram program) => loops.Add(program.RunAsync(stopping.Token));

    private async Task PrepareClusterAsync(ClusterAccess access, CancellationToken cancellationToken)
    {
        var nodes = options.Kubeconfig is null ? [] : await access.ForeignNodesAsync(cancellationToken);
        if (options.Kubeconfig is not null) await access.ApplyDefinitionsAsync(cancellationToken);
        await access.EnsureNamespaceAsync(cancellationToken);
        if (nodes.Count > 0)
        {
            Note = $"The cluster has nodes of its own ({string.Join(", ", nodes.Take(3))}): no pod runner was started.";
            return;
        }
        Tell("starting the pod runner");
        podsAddress = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePorts.Take(1)[0]}");
        pods = PodRunner.Create(directory, podsAddress, options.Nodes, Changed);
        Run(pods);
    }

    /// <summary>What the API server cannot reach is not left registered.</summary>
    private async Task RegisterViewsAsync(ClusterAccess access, CancellationToken cancellationToken)
    {
        Tell("registering the aggregated API");
        var why = await access.Views.RegisterOutsideAsync(operators[0].View, cancellationToken);
        isRegistered = why is null;
        for (var end = DateTime.UtcNow + ViewsWithin; isRegistered && (why = await access.Views.WhyNotAvailableAsync(cancellationToken)) is not null; await Task.Delay(200, cancellationToken))
        {
            if (DateTime.UtcNow < end) continue;
            await access.Views.RemoveAsync(cancellationToken);
            isRegistered = false;
        }
        if (!isRegistered) Note = $"{Note} The aggregated API is not registered ({why}); the berth command asks the operator itself.".Trim();
    }

    private async Task UnregisterViewsAsync()
    {
        try
        {
            using var access = new ClusterAccess(directory.Kubeconfig);
            await access.Views.RemoveAsync(CancellationToken.None);
        }
        catch (KubernetesException error)
        {
            await Console.Error.WriteLineAsync($"APIService v1alpha1.view.berth.dev is still registered, and nobody answers it any more; delete it: {error.Message}");
        }
    }

    private async Task ReadyAsync(ClusterAccess access, CancellationToken cancellationToken)
    {
        Tell("waiting until all is ready");
        await Until.TrueAsync("Pools are not usable", options.Timeout, directory.Log("cluster"), access.WhyNoPoolsAsync, cancellationToken);
        if (options.Kubeconfig is not null) await Until.TrueAsync("Approvals are not checked", options.Timeout, directory.Log("supervisor"), access.WhyNoApprovalsAsync, cancellationToken);
        await Until.TrueAsync("Pods cannot run", options.Timeout, directory.Log("pods"), async stop => pods is { Restarts: >= 3 }
            ? throw new DevException($"The pod runner ended {pods.Restarts} times while starting, last with code {pods.LastExit}.", directory.Log("pods"))
            : await access.WhyNoNodeAsync(stop), cancellationToken);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        foreach (var replica in operators)
            await Until.TrueAsync("The operator is not ready", options.Timeout, directory.Log(replica.Program.Start.Name), stop => replica.WhyNotReadyAsync(http, stop), cancellationToken);
    }

    private void Tell(string text) => new StartState(StartState.Starting, text).Write(directory);

    // After each start and end of a process: what runs is on disk before anybody could miss it.
    private void Changed()
    {
        lock (gate)
        {
            directory.WriteProcesses(Living());
            if (isReady) EnvironmentFile.Write(directory.Env, StackEnvironment.Of(directory, address!, Living(), operators, podsAddress));
        }
    }

    private List<(string Name, ProcessIdentity Process)> Living()
    {
        List<(string, ProcessIdentity?)> all =
        [
            ("supervisor", ProcessIdentity.Of(Environment.ProcessId)),
            ("postgres", postgres?.Program.Identity),
            ("cluster", cluster?.Identity),
            ("pods", pods?.Identity),
            .. operators.Select(o => (o.Program.Start.Name, o.Program.Identity)),
        ];
        return all.Where(p => p.Item2 is not null).Select(p => (p.Item1, p.Item2!.Value)).ToList();
    }
}
