using Berth.Api;
using Berth.Core.Placement;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Pools;

namespace Berth.Operator.Placement;

/// <summary>Derives which slots of a pool are free: not in any task's status, not in an offer, and idle by their agent's word.</summary>
internal sealed class PoolSlots(ClusterCache cache, PodReader pods, AgentRegistry agents, PoolStates states, WorkHolds holds)
{
    /// <summary>The snapshot that placement works on.</summary>
    public PlacementSnapshot Snapshot(ObjectKey pool, AgentPoolResource resource, IReadOnlyCollection<WaitingTask> waiting, long given, OfferBook offers)
    {
        var count = new Census();
        var state = states.Of(resource);
        foreach (var pod in cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString())) Add(pod, resource, state, offers, count);
        return new PlacementSnapshot
        {
            Pool = pool.Name,
            Slots = count.Slots,
            Waiting = waiting,
            ApplyBudget = count.Budget,
            Load = count.Load,
            NodeLoad = count.NodeLoad,
            Workspaces = Workspaces(pool, waiting, offers),
            Held = count.Held,
            Caps = Caps(pool, resource, count, offers),
            NothingNew = holds.NothingNewIn(pool.Namespace!),
            Displaceable = count.Displaceable,
            Freeing = count.Freeing,
            Given = given,
            Outlook = state?.Outlook,
        };
    }

    /// <summary>Tasks whose status holds a slot of this pod, or whose attempt there is not proved dead.</summary>
    public static List<TaskResource> Holding(ClusterCache cache, string podUid) => [.. cache.Tasks.ByIndex(ClusterCache.ByPod, podUid).Where(t => Holds(t, podUid))];

    /// <summary>Index of the slot that a task holds on this pod.</summary>
    public static int SlotOn(TaskResource task, string podUid) => task.Status.Slot?.PodUid == podUid ? task.Status.Slot.Index : task.Status.Attempt!.Slot;

    private static bool Holds(TaskResource task, string podUid) =>
        task.Status.Slot?.PodUid == podUid || (task.Status.Phase.MayRun() && task.Status.Attempt is { } attempt && attempt.PodUid == podUid && task.Status.Loss is not { Fenced: true });

    private static bool MayBeDisplaced(TaskResource task) => task.Status is { Phase: TaskPhase.ApplyPending, Grant: null, Slot.Warm: true, Plan.Stored: true };

    private void Add(Pod pod, AgentPoolResource resource, PoolState? state, OfferBook offers, Census count)
    {
        var uid = pod.Metadata.Uid!;
        var tasks = Holding(cache, uid);
        var promised = offers.On(uid);
        count.Load[uid] = tasks.Count + promised.Count;
        count.Budget[uid] = resource.Spec.ApplySlotsPerPod - tasks.Count(t => t.Spec.Type != TaskType.Plan) - promised.Count(o => o.ApplyCapable);
        foreach (var workspace in tasks.Select(t => t.Spec.Workspace).Concat(promised.Select(o => o.Workspace))) count.Hold(workspace);
        if (pod.Spec?.NodeName is { Length: > 0 } node) count.NodeLoad[node] = count.NodeLoad.GetValueOrDefault(node) + tasks.Count + promised.Count;
        if (pods.IsDraining(pod) || offers.IsClosed(uid) || agents.Facts(uid) is not { Connected: true, Unavailable: null } agent || agents.Session(uid) is not { } session) return;
        if (state?.Retiring.Contains(uid) == true) return;
        count.Displaceable.AddRange(tasks.Where(MayBeDisplaced).Select(t => new Reservation(t.Metadata.Uid, uid, t.Status.Slot!.Index, t.Status.Slot.Since)));
        var taken = tasks.Select(t => SlotOn(t, uid)).Concat(promised.Select(o => o.Slot.Index)).ToHashSet();
        var current = state is null || pod.Metadata.Label(Names.TemplateHashLabel) == state.Hash;
        foreach (var slot in agent.Slots.Values)
        {
            if (!slot.Ready || slot.Attempt is not null || taken.Contains(slot.Index)) continue;
            // Given up, and being cleared: free in a moment.
            if (slot.Directory is not null) count.Freeing++;
            else count.Slots.Add(new FreeSlot(pod.Metadata.Name!, uid, slot.Index, session.Node, BootId(pod, session), slot.RunnerBoot, current));
        }
    }

    /// <summary>
    /// The node's boot id, if agent and kubelet say the same. Where they differ (a sandbox with a kernel of its own, a status from before
    /// a reboot) a later difference would prove nothing, so none is recorded.
    /// </summary>
    private string BootId(Pod pod, AgentSession session) =>
        pod.Spec?.NodeName is { Length: > 0 } name && cache.Nodes.Store.Get(new ObjectKey(name))?.Status?.NodeInfo?.BootID == session.NodeBootId ? session.NodeBootId : "";

    private Dictionary<string, WorkspaceHolder> Workspaces(ObjectKey pool, IReadOnlyCollection<WaitingTask> waiting, OfferBook offers)
    {
        var holders = new Dictionary<string, WorkspaceHolder>(StringComparer.Ordinal);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var wish in waiting)
        {
            if (!asked.Add(wish.Workspace)) continue;
            foreach (var task in cache.Tasks.ByIndex(ClusterCache.ByWorkspace, $"{pool.Namespace}/{wish.Workspace}"))
                if (task.Status.Phase != TaskPhase.Pending) holders[wish.Workspace] = Holder(task);
        }
        foreach (var offer in offers.All())
            if (offer.ApplyCapable && offer.Pool.Namespace == pool.Namespace) holders.TryAdd(offer.Workspace, new WorkspaceHolder(offer.Uid, offer.Task, "about to begin"));
        return holders;
    }

    private static WorkspaceHolder Holder(TaskResource task) => new(
        task.Metadata.Uid, task.Metadata.Name, task.Status.Phase.ToString(), task.Status.QueuedAt ?? default,
        task is { Spec.Type: TaskType.PlanAndApply, Status: { Phase: TaskPhase.ApplyPending, Grant: null } });

    private List<TaskCap> Caps(ObjectKey pool, AgentPoolResource resource, Census count, OfferBook offers)
    {
        var caps = new List<TaskCap>();
        if (resource.Spec.Limits is { } own) caps.Add(new TaskCap($"pool {pool.Name} (spec.limits)", own.Tasks, own.TasksPerWorkspace, count.Total, count.Held));
        if (holds.LimitsOf(pool.Namespace!) is not { } shared) return caps;
        var all = new Census();
        foreach (var other in cache.Pools.Store.List())
            if (other.Metadata.Namespace == pool.Namespace)
                foreach (var pod in cache.Pods.ByIndex(ClusterCache.ByPool, other.Metadata.Key().ToString()))
                    foreach (var workspace in Holding(cache, pod.Metadata.Uid!).Select(t => t.Spec.Workspace).Concat(offers.On(pod.Metadata.Uid!).Select(o => o.Workspace))) all.Hold(workspace);
        caps.Add(new TaskCap(shared.Scope, shared.Limits.Tasks, shared.Limits.TasksPerWorkspace, all.Total, all.Held));
        return caps;
    }

    private sealed class Census
    {
        public List<FreeSlot> Slots { get; } = [];

        public Dictionary<string, int> Budget { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Load { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> NodeLoad { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Held { get; } = new(StringComparer.Ordinal);

        public List<Reservation> Displaceable { get; } = [];

        public int Freeing { get; set; }

        public int Total { get; private set; }

        public void Hold(string workspace)
        {
            Total++;
            Held[workspace] = Held.GetValueOrDefault(workspace) + 1;
        }
    }
}
