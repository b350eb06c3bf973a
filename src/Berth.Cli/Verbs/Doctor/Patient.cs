using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Doctor;

/// <summary>What checks look at, read once.</summary>
internal sealed class Patient(ClusterSession session)
{
    private Task<ResourceList<TaskResource>>? _tasks;
    private Task<ResourceList<AgentPoolResource>>? _pools;
    private Task<ResourceList<Pod>>? _pods;
    private Task<JsonObject>? _operator;
    private Task<IReadOnlyList<JsonObject>>? _connections;

    public ClusterSession Session { get; } = session;

    public async Task<IReadOnlyList<TaskResource>> TasksAsync(CancellationToken stop) => (await (_tasks ??= Session.Client.ListAllAsync(BerthResources.Tasks, cancellationToken: stop))).Items;

    public async Task<IReadOnlyList<AgentPoolResource>> PoolsAsync(CancellationToken stop) => (await (_pools ??= Session.Client.ListAllAsync(BerthResources.Pools, cancellationToken: stop))).Items;

    public async Task<IReadOnlyList<Pod>> PodsAsync(CancellationToken stop) => (await (_pods ??= Session.Client.ListAllAsync(Resources.Pods, options: new() { LabelSelector = Names.PoolLabel }, cancellationToken: stop))).Items;

    /// <summary>What the replica that answers says of itself.</summary>
    public Task<JsonObject> OperatorAsync(CancellationToken stop) => _operator ??= FirstOperatorAsync(stop);

    /// <summary>The leader's agents.</summary>
    public Task<IReadOnlyList<JsonObject>> ConnectionsAsync(CancellationToken stop) => _connections ??= AllConnectionsAsync(stop);

    private async Task<JsonObject> FirstOperatorAsync(CancellationToken stop) => Look.ViewRows.Items(await Session.Operator.ListAsync(null, "operators", stop))[0];

    private async Task<IReadOnlyList<JsonObject>> AllConnectionsAsync(CancellationToken stop) => Look.ViewRows.Items(await Session.Operator.ListAsync(null, "connections", stop));
}
