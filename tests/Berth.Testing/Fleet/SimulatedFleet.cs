using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Protocol;

namespace Berth.Testing.Fleet;

/// <summary>Simulated agents for all pods of a pool.</summary>
public sealed class SimulatedFleet : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly List<SimulatedAgent> _agents = [];

    private SimulatedFleet() { }

    /// <summary>The agents.</summary>
    public IReadOnlyList<SimulatedAgent> Agents => _agents;

    /// <summary>Waits for the pods of a pool, takes a token for each, and connects an agent for each.</summary>
    public static async Task<SimulatedFleet> StartAsync(KubernetesClient client, string ns, int pods, int slotsPerPod, TimeSpan? commandTime, Action<Assign>? ordered = null)
    {
        var fleet = new SimulatedFleet();
        IReadOnlyList<Pod> there = [];
        await UntilAsync(async () => (there = (await client.ListAllAsync(Kubernetes.Resources.Pods, ns, new() { LabelSelector = Names.PoolLabel })).Items).Count >= pods, $"{pods} pods");
        ConfigMap? map = null;
        await UntilAsync(async () => (map = await client.TryGetAsync(Kubernetes.Resources.ConfigMaps, new ObjectKey(ns, Names.GatewayConfigMap))) is not null, "the gateway's ConfigMap");
        var gateway = new GatewayAccess(map!.Data!["addresses"].Split(','), map.Data["ca.crt"]);
        await Parallel.ForEachAsync(there, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (pod, cancel) =>
        {
            var identity = new SimulatedPod(ns, pod.Metadata.Name!, pod.Metadata.Uid!, await TokenAsync(client, ns, pod, cancel));
            var agent = new SimulatedAgent(identity, gateway, slotsPerPod, commandTime) { Ordered = ordered };
            lock (fleet._agents)
            {
                fleet._agents.Add(agent);
                fleet._running.Add(Task.Run(() => agent.RunAsync(fleet._stop.Token), CancellationToken.None));
            }
            await agent.Welcomed.Task.WaitAsync(Patience, cancel);
        });
        return fleet;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var running in _running) await running.ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !await condition(); await Task.Delay(100))
            if (DateTime.UtcNow > end) throw new TimeoutException($"{what}: not within {Patience}");
    }

    private static async Task<string> TokenAsync(KubernetesClient client, string ns, Pod pod, CancellationToken cancel)
    {
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject
            {
                ["audiences"] = new JsonArray(Names.TokenAudience),
                ["expirationSeconds"] = 7200,
                ["boundObjectRef"] = new JsonObject { ["kind"] = "Pod", ["apiVersion"] = "v1", ["name"] = pod.Metadata.Name, ["uid"] = pod.Metadata.Uid },
            },
        };
        var answer = JsonNode.Parse(await client.SendForBytesAsync(new()
        {
            Method = HttpMethod.Post,
            Path = $"/api/v1/namespaces/{ns}/serviceaccounts/{pod.Spec?.ServiceAccountName ?? "default"}/token",
            Body = System.Text.Encoding.UTF8.GetBytes(request.ToJsonString()),
        }, cancel));
        return (string)answer!["status"]!["token"]!;
    }
}
