using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>Everything of the cluster that decisions read, kept warm on every replica.</summary>
internal sealed class ClusterCache
{
    /// <summary>Index of tasks and pods: by uid.</summary>
    public const string ByUid = "uid";

    /// <summary>Index of tasks and pods: by <c>namespace/pool</c>.</summary>
    public const string ByPool = "pool";

    /// <summary>Index of tasks that are not over: by <c>namespace/workspace</c>.</summary>
    public const string ByWorkspace = "workspace";

    /// <summary>Index of tasks: by the uid of the pod of their slot or latest attempt.</summary>
    public const string ByPod = "pod";

    /// <summary>Index of pods: by node.</summary>
    public const string ByNode = "node";

    /// <summary>Index of Approvals: by <c>namespace/task</c>.</summary>
    public const string ByTask = "task";

    private readonly InformerFactory _informers;

    public ClusterCache(KubernetesClient client, string? watchNamespace)
    {
        _informers = new InformerFactory(client);
        var scope = new InformerOptions { Namespace = watchNamespace };
        TaskInformer = _informers.For(BerthResources.Tasks, scope).UseTransform(t => t with { Metadata = t.Metadata with { Extra = null } });
        Pools = _informers.For(BerthResources.Pools, scope);
        Approvals = _informers.For(BerthResources.Approvals, scope).AddIndex(ByTask, a => $"{a.Metadata.Namespace}/{a.Spec.TaskRef.Name}");
        PodInformer = _informers.For(Resources.Pods, scope with { LabelSelector = Names.PoolLabel });
        Nodes = _informers.For(Resources.Nodes);
        Namespaces = _informers.For(Resources.Namespaces, new InformerOptions { FieldSelector = watchNamespace is null ? null : $"metadata.name={watchNamespace}" });
        Tasks = new LatestView<TaskResource>(BerthResources.Tasks, new Dictionary<string, Func<TaskResource, IEnumerable<string>>>
        {
            [ByUid] = t => [t.Metadata.Uid],
            [ByPool] = t => t.Status.Phase.IsTerminal() ? [] : [$"{t.Metadata.Namespace}/{t.Spec.PoolRef.Name}"],
            [ByWorkspace] = t => t.Status.Phase.IsTerminal() || t.Spec.Type == TaskType.Plan ? [] : [$"{t.Metadata.Namespace}/{t.Spec.Workspace}"],
            [ByPod] = t => PodUids(t),
        });
        Pods = new LatestView<Pod>(Resources.Pods, new Dictionary<string, Func<Pod, IEnumerable<string>>>
        {
            [ByUid] = p => [p.Metadata.Uid ?? ""],
            [ByPool] = p => [$"{p.Metadata.Namespace}/{p.Metadata.Label(Names.PoolLabel)}"],
            [ByNode] = p => p.Spec?.NodeName is { Length: > 0 } node ? [node] : [],
        });
        TaskInformer.AddHandler(Tasks.Observe);
        PodInformer.AddHandler(Pods.Observe);
    }

    /// <summary>Tasks, own writes included.</summary>
    public LatestView<TaskResource> Tasks { get; }

    /// <summary>Agent pods, own writes included.</summary>
    public LatestView<Pod> Pods { get; }

    /// <summary>Events of tasks.</summary>
    public Informer<TaskResource> TaskInformer { get; }

    /// <summary>Events of agent pods.</summary>
    public Informer<Pod> PodInformer { get; }

    /// <summary>Pools.</summary>
    public Informer<AgentPoolResource> Pools { get; }

    /// <summary>Approvals.</summary>
    public Informer<ApprovalResource> Approvals { get; }

    /// <summary>Nodes.</summary>
    public Informer<Node> Nodes { get; }

    /// <summary>Namespaces, for the windows and limits that their annotations set.</summary>
    public Informer<Namespace> Namespaces { get; }

    /// <summary>The task with this uid, or null.</summary>
    public TaskResource? TaskByUid(string uid) => Tasks.ByIndex(ByUid, uid) is [var task, ..] ? task : null;

    /// <summary>The agent pod with this uid, or null.</summary>
    public Pod? PodByUid(string uid) => Pods.ByIndex(ByUid, uid) is [var pod, ..] ? pod : null;

    /// <summary>Whether every cache was filled.</summary>
    public bool HasSynced => _informers.Informers.All(i => i.HasSynced);

    /// <summary>Starts watching.</summary>
    public void Start(CancellationToken stop) => _informers.Start(stop);

    /// <summary>Completes when every cache was filled.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _informers.WaitForSyncAsync(cancellationToken);

    /// <summary>Completes when every cache has passed a list that was begun after this call.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => _informers.RefreshAsync(cancellationToken);

    /// <summary>Completes when everything has stopped.</summary>
    public Task StoppedAsync() => _informers.StoppedAsync();

    private static IEnumerable<string> PodUids(TaskResource task)
    {
        var (slot, attempt) = (task.Status.Slot?.PodUid, task.Status.Attempt?.PodUid);
        if (slot is { Length: > 0 }) yield return slot;
        if (attempt is { Length: > 0 } && attempt != slot) yield return attempt;
    }
}
