using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.DevCluster;
using Berth.Kubernetes;

namespace Berth.Testing.Fleet;

/// <summary>A dev cluster, two operators as processes, and simulated agents for all pods of one pool. No database: nothing here needs one.</summary>
public sealed class FleetCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly ResourceType<TaskResource> Tasks = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => new(t.Metadata.Namespace, t.Metadata.Name, t.Metadata.Uid, t.Metadata.ResourceVersion));
    private readonly DevClusterFixture _cluster;
    private readonly string _directory = Directory.CreateTempSubdirectory("berth-fleet-").FullName;
    private readonly List<(string Identity, Process Process)> _operators = [];
    private SimulatedFleet? _fleet;

    private FleetCluster(DevClusterFixture cluster, string ns, KubernetesClient client) => (_cluster, Namespace, Client) = (cluster, ns, client);

    /// <summary>Namespace of the pool.</summary>
    public string Namespace { get; }

    /// <summary>A client with all rights.</summary>
    public KubernetesClient Client { get; }

    /// <summary>The agents.</summary>
    public IReadOnlyList<SimulatedAgent> Agents => _fleet!.Agents;

    /// <summary>Starts everything; returns when every agent was welcomed.</summary>
    public static async Task<FleetCluster> StartAsync(int pods, int slots)
    {
        var cluster = await DevClusterFixture.StartAsync();
        var ns = await cluster.Namespace();
        var directory = Directory.CreateTempSubdirectory("berth-fleet-kube-").FullName;
        var kubeconfig = await cluster.WriteKubeconfig(directory);
        var fleet = new FleetCluster(cluster, ns, new KubernetesClient(KubernetesConfig.Load(kubeconfig)));
        await fleet.Client.CreateAsync(Kubernetes.Resources.Namespaces, new Namespace { Metadata = new() { Name = "berth-system" } });
        fleet.StartOperators(kubeconfig);
        await fleet.CreatePoolAsync(pods, slots);
        fleet._fleet = await SimulatedFleet.StartAsync(fleet.Client, ns, pods, slots, commandTime: null);
        return fleet;
    }

    /// <summary>The operator that welcomed the agents.</summary>
    public Process Leader() => _operators.First(o => Agents[0].Leader?.StartsWith(o.Identity + "_", StringComparison.Ordinal) == true || Agents[0].Leader == o.Identity).Process;

    /// <summary>Ends the leader without a word, and returns when every agent was welcomed by another.</summary>
    public async Task FailOverAsync()
    {
        var (old, identity) = (Leader(), Agents[0].Leader);
        old.Kill();
        await UntilAsync(() => Agents.All(a => a.Leader is { } leader && leader != identity), "every agent has found the next leader");
    }

    /// <summary>Creates tasks of type Run and waits until all of them run.</summary>
    public async Task RunTasksAsync(int count)
    {
        for (var i = 0; i < count; i++)
            await Client.CreateAsync(Tasks, new TaskResource
            {
                Metadata = new ResourceMeta { Name = string.Create(CultureInfo.InvariantCulture, $"t{i}"), Namespace = Namespace },
                Spec = new TaskSpec { PoolRef = new PoolReference { Name = "pool" }, Type = TaskType.Run, Workspace = string.Create(CultureInfo.InvariantCulture, $"w{i}"), Run = new RunStep { Command = ["sleep"] } },
            }, Namespace);
        await UntilAsync(async () => (await TasksAsync()).Count(t => t.Status.Phase == TaskPhase.Running) == count, $"{count} tasks run");
    }

    /// <summary>All tasks.</summary>
    public async Task<IReadOnlyList<TaskResource>> TasksAsync() => (await Client.ListAllAsync(Tasks, Namespace)).Items;

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what) => await UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; await Task.Delay(100))
            if (await condition()) return;
        throw new TimeoutException($"{what}: not within {Patience}");
    }

    /// <summary>Processor time and resident memory of a process.</summary>
    public static (TimeSpan Processor, long MiB) Cost(Process process)
    {
        process.Refresh();
        return (process.TotalProcessorTime, process.WorkingSet64 / 1024 / 1024);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null) await _fleet.DisposeAsync();
        foreach (var (_, process) in _operators)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Client.Dispose();
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private void StartOperators(string kubeconfig)
    {
        var ports = FreePorts.Take(6);
        string[] gateways = [$"127.0.0.1:{ports[2]}", $"127.0.0.1:{ports[3]}"];
        for (var i = 0; i < 2; i++)
        {
            var start = new ProcessStartInfo(OperatorPath(),
            [
                $"--kubeconfig={kubeconfig}", $"--Identity=fleet-{i}", "--Operator:Namespace=berth-system", $"--Http:Address=127.0.0.1:{ports[i]}",
                $"--Gateway:Address={gateways[i]}", $"--Gateway:Addresses={string.Join(',', gateways)}", "--Postgres:ConnectionString=Host=127.0.0.1;Port=1;Database=none;Username=nobody", $"--View:Address=127.0.0.1:{ports[4 + i]}", "--Images:Agent=fleet",
            ])
            { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _directory };
            var process = Process.Start(start)!;
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _operators.Add(($"fleet-{i}", process));
        }
    }

    private Task CreatePoolAsync(int pods, int slots) => Client.CreateAsync(Kubernetes.Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", true), new JsonObject
    {
        ["apiVersion"] = Names.ApiVersion,
        ["kind"] = "AgentPool",
        ["metadata"] = new JsonObject { ["name"] = "pool", ["namespace"] = Namespace },
        ["spec"] = new JsonObject
        {
            ["replicas"] = pods,
            ["slotsPerPod"] = slots,
            ["applySlotsPerPod"] = slots,
            ["agentLostAfter"] = "20s",
            ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "task", ["image"] = "fleet" }) } },
        },
    }, Namespace);

    // Beside the command line in the tree: src/NAME/bin/CONFIGURATION/FRAMEWORK/NAME.
    private static string OperatorPath() => BerthStack.CliPath().Replace("Berth.Cli", "Berth.Operator", StringComparison.Ordinal);
}
