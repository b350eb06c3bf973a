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

    /// <summary>Index of tasks: by the uid of the pod on which they hold a slot or may run.</summary>
    public const string ByPod = "pod";

    /// <summary>Index of tasks whose latest attempt was on a pod and is over there, of which a warm pod sees thousands: by its uid.</summary>
    public const string ByPastPod = "past-pod";

    /// <summary>Index of pods: by node.</summary>
    public const string ByNode = "node";

    /// <summary>Index of Approvals: by <c>namespace/task</c>.</summary>
    public const string ByTask = "task";

    private readonly InformerFactory _informers;
    private readonly TaskPacker _packer = new();

    /// <param name="client">The cluster.</param>
    /// <param name="namespaces">The namespaces to watch; none for all.</param>
    public ClusterCache(KubernetesClient client, IReadOnlyList<string> namespaces)
    {
        _informers = new InformerFactory(client);
        InformerOptions[] scopes = namespaces is [] ? [new()] : [.. namespaces.Select(ns => new InformerOptions { Namespace = ns })];
        // A cluster's namespaces are asked for by name, for which a right to those names is enough.
        InformerOptions[] names = namespaces is [] ? [new()] : [.. namespaces.Select(ns => new InformerOptions { FieldSelector = $"metadata.name={ns}" })];
        TaskInformer = new(scopes.Select(s => _informers.For(KeptTask.Resource, s).UseTransform(_packer.Pack)));
        Pools = new(scopes.Select(s => _informers.For(BerthResources.Pools, s)));
        Approvals = new(scopes.Select(s => _informers.For(BerthResources.Approvals, s).AddIndex(ByTask, a => $"{a.Metadata.Namespace}/{a.Spec.TaskRef.Name}")));
        PodInformer = new(scopes.Select(s => _informers.For(Resources.Pods, s with { LabelSelector = Names.PoolLabel })));
        Nodes = _informers.For(Resources.Nodes);
        Namespaces = new(names.Select(n => _informers.For(Resources.Namespaces, n)));
        Tasks = new TaskView(new Dictionary<string, Func<KeptTask, IEnumerable<string>>>
        {
            [ByUid] = t => [t.Identity.Uid ?? ""],
            [ByPool] = t => t.Phase.IsTerminal() ? [] : [$"{t.Identity.Namespace}/{t.Task.Spec.PoolRef.Name}"],
            [ByWorkspace] = t => t.Phase.IsTerminal() || t.Task.Spec.Type == TaskType.Plan ? [] : [$"{t.Identity.Namespace}/{t.Task.Spec.Workspace}"],
            [ByPod] = t => t.IsQuiet ? [] : PodUids(t.Task),
            [ByPastPod] = t => t.PastPod is { } pod ? [pod] : [],
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
    public TaskView Tasks { get; }

    /// <summary>Agent pods, own writes included.</summary>
    public LatestView<Pod> Pods { get; }

    /// <summary>Events of tasks.</summary>
    public ScopedInformers<KeptTask> TaskInformer { get; }

    /// <summary>Events of agent pods.</summary>
    public ScopedInformers<Pod> PodInformer { get; }

    /// <summary>Pools.</summary>
    public ScopedInformers<AgentPoolResource> Pools { get; }

    /// <summary>Approvals.</summary>
    public ScopedInformers<ApprovalResource> Approvals { get; }

    /// <summary>Nodes.</summary>
    public Informer<Node> Nodes { get; }

    /// <summary>Namespaces, for the windows and limits that their annotations set.</summary>
    public ScopedInformers<Namespace> Namespaces { get; }

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
        if (attempt is { Length: > 0 } && attempt != slot && KeptTask.MayRunThere(task)) yield return attempt;
    }
}
