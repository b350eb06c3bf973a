using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;
using Berth.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Operator.Tests.Approvals;

/// <summary>An API server with Approvals and tasks, the operator's cache of it, and what writes verdicts. No database: none is needed for a verdict.</summary>
internal sealed class ApprovalsOnCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DevClusterFixture _fixture;
    private readonly KubernetesClient _person;
    private readonly CancellationTokenSource _stop = new();
    private readonly OperatorMetrics _metrics = new();
    private readonly HistoryStore _store = new("Host=127.0.0.1;Port=1;Database=none;Username=nobody;Timeout=1");
    private readonly HistoryWriter _history;

    private ApprovalsOnCluster(DevClusterFixture fixture, KubernetesConfig config, string ns)
    {
        (_fixture, Namespace) = (fixture, ns);
        Client = new KubernetesClient(config);
        _person = new KubernetesClient(config with { ImpersonateUser = "alice", ImpersonateGroups = ["system:masters"] });
        Cache = new ClusterCache(Client, []);
        _history = new HistoryWriter(_store, Cache, new HistoryCondition(TimeProvider.System, NullLogger<HistoryCondition>.Instance), _metrics, TimeProvider.System, NullLogger<HistoryWriter>.Instance);
        var audit = new VerbAudit(Client, Cache, _history, new LeaderState(), new OperatorOptions(), TimeProvider.System, NullLogger<VerbAudit>.Instance);
        Verdicts = new VerdictWriter(Client, _history, audit, _metrics, TimeProvider.System, NullLogger<VerdictWriter>.Instance);
    }

    public string Namespace { get; }

    public KubernetesClient Client { get; }

    public ClusterCache Cache { get; }

    public VerdictWriter Verdicts { get; }

    public static async Task<ApprovalsOnCluster> StartAsync()
    {
        var fixture = await DevClusterFixture.StartAsync();
        var folder = Directory.CreateTempSubdirectory("approvals-");
        var config = KubernetesConfig.Load(await fixture.WriteKubeconfig(folder.FullName));
        folder.Delete(recursive: true);
        var cluster = new ApprovalsOnCluster(fixture, config, await fixture.Namespace());
        cluster.Cache.Start(cluster._stop.Token);
        await cluster.Cache.WaitForSyncAsync(cluster._stop.Token);
        return cluster;
    }

    /// <summary>Creates a task; the cache need not have it yet.</summary>
    public Task<TaskResource> TaskAsync(string name) => Client.CreateAsync(BerthResources.Tasks, new TaskResource
    {
        Metadata = new ResourceMeta { Name = name, Namespace = Namespace },
        Spec = new TaskSpec { PoolRef = new PoolReference { Name = "pool" }, Workspace = "net", Type = TaskType.Run, Run = new RunStep { Command = ["run"] } },
    }, Namespace);

    /// <summary>Alice decides about a task of this name; returns when the cache has it.</summary>
    public async Task<ApprovalResource> ApproveAsync(string task, string uid = "11111111-2222-3333-4444-555555555555")
    {
        var made = await _person.CreateAsync(BerthResources.Approvals, new ApprovalResource
        {
            Metadata = new ResourceMeta { GenerateName = "a-", Namespace = Namespace },
            Spec = new ApprovalSpec { TaskRef = new TaskReference { Name = task, Uid = uid }, Run = 1, Workspace = "net", Decision = ApprovalDecision.Approve, Digest = Digests.Of("plan"), Approver = "alice" },
        }, Namespace);
        await UntilAsync(() => Cache.Approvals.Store.Get(made.Metadata.Key()) is not null, "the Approval is in the cache");
        return Cache.Approvals.Store.Get(made.Metadata.Key())!;
    }

    /// <summary>The verdict on an Approval; null if there is none.</summary>
    public async Task<Api.Condition?> VerdictAsync(ApprovalResource approval) =>
        (await Client.GetAsync(BerthResources.Approvals, approval.Metadata.Key())).Status.Conditions.FirstOrDefault(c => c.Type == "Accepted");

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !condition(); await Task.Delay(20))
            if (DateTime.UtcNow > end) throw new TimeoutException($"waited in vain: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Cache.StoppedAsync();
        _history.Dispose();
        await _store.DisposeAsync();
        _metrics.Dispose();
        _person.Dispose();
        Client.Dispose();
        _stop.Dispose();
        await _fixture.DisposeAsync();
    }
}
