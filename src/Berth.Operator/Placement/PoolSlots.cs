using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Pools;

namespace Berth.Operator.Placement;

/// <summary>Derives which slots of a pool are free: not in any task's status, not in an offer, and idle by their agent's word.</summary>
internal sealed class PoolSlots(ClusterCache cache, PodReader pods, AgentRegistry agents)
{
    /// <summary>The snapshot that placement works on.</summary>
    public PlacementSnapshot Snapshot(ObjectKey pool, AgentPoolResource resource, IReadOnlyList<WaitingTask> waiting, IReadOnlyList<(SlotOffer Slot, string Workspace, string Uid, bool ApplyCapable)> offers)
    {
        var slots = new List<FreeSlot>();
        var budget = new Dictionary<string, int>(StringComparer.Ordinal);
        var load = new Dictionary<string, int>(StringComparer.Ordinal);
        var displaceable = new List<Reservation>();
        foreach (var pod in cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString()))
        {
            var uid = pod.Metadata.Uid!;
            var tasks = Holding(uid);
            var mine = offers.Where(o => o.Slot.PodUid == uid).ToList();
            load[uid] = tasks.Count + mine.Count;
            budget[uid] = resource.Spec.ApplySlotsPerPod - tasks.Count(t => t.Spec.Type != TaskType.Plan) - mine.Count(o => o.ApplyCapable);
            slots.AddRange(Free(pod, tasks, mine.Select(o => o.Slot.Index).ToHashSet(), resource));
            displaceable.AddRange(tasks.Where(MayBeDisplaced).Select(t => new Reservation(t.Metadata.Uid, uid, t.Status.Slot!.Index, t.Status.Slot.Since)));
        }
        return new PlacementSnapshot { Pool = pool.Name, Slots = slots, Waiting = waiting, ApplyBudget = budget, Load = load, Workspaces = Workspaces(pool, waiting, offers), Displaceable = displaceable };
    }

    /// <summary>Tasks whose status holds a slot of this pod, or whose attempt there is not proved dead.</summary>
    public List<TaskResource> Holding(string podUid) => [.. cache.Tasks.ByIndex(ClusterCache.ByPod, podUid).Where(t => Holds(t, podUid))];

    private static bool Holds(TaskResource task, string podUid) =>
        task.Status.Slot?.PodUid == podUid || (task.Status.Phase.MayRun() && task.Status.Attempt is { } attempt && attempt.PodUid == podUid && task.Status.Loss is not { Fenced: true });

    private static bool MayBeDisplaced(TaskResource task) => task.Status is { Phase: TaskPhase.ApplyPending, Grant: null, Slot.Warm: true, Plan.Stored: true };

    private IEnumerable<FreeSlot> Free(Pod pod, List<TaskResource> tasks, HashSet<int> offered, AgentPoolResource pool)
    {
        var uid = pod.Metadata.Uid!;
        if (pods.IsDraining(pod) || agents.Facts(uid) is not { Connected: true, Unavailable: null } agent || agents.Session(uid) is not { } session) yield break;
        var held = tasks.Select(t => t.Status.Slot?.PodUid == uid ? t.Status.Slot.Index : t.Status.Attempt!.Slot).ToHashSet();
        var current = pod.Metadata.Annotation(PoolPods.TemplateAnnotation) == Core.Pools.PodStamper.TemplateHash(pool.Spec);
        foreach (var slot in agent.Slots.Values.OrderBy(s => s.Index))
        {
            if (!slot.Ready || slot.Attempt is not null || slot.Directory is not null || held.Contains(slot.Index) || offered.Contains(slot.Index)) continue;
            yield return new FreeSlot(pod.Metadata.Name!, uid, slot.Index, session.Node, BootId(pod, session), slot.RunnerBoot, current);
        }
    }

    /// <summary>
    /// The node's boot id, if agent and kubelet say the same. Where they differ (a sandbox with a kernel of its own, a status from before
    /// a reboot) a later difference would prove nothing, so none is recorded.
    /// </summary>
    private string BootId(Pod pod, AgentSession session) =>
        pod.Spec?.NodeName is { Length: > 0 } name && cache.Nodes.Store.Get(new ObjectKey(name))?.Status?.NodeInfo?.BootID == session.NodeBootId ? session.NodeBootId : "";

    private Dictionary<string, WorkspaceHolder> Workspaces(ObjectKey pool, IReadOnlyList<WaitingTask> waiting, IReadOnlyList<(SlotOffer Slot, string Workspace, string Uid, bool ApplyCapable)> offers)
    {
        var holders = new Dictionary<string, WorkspaceHolder>(StringComparer.Ordinal);
        foreach (var workspace in waiting.Select(w => w.Workspace).Distinct(StringComparer.Ordinal))
            foreach (var task in cache.Tasks.ByIndex(ClusterCache.ByWorkspace, $"{pool.Namespace}/{workspace}"))
                if (task.Status.Phase != TaskPhase.Pending) holders[workspace] = new WorkspaceHolder(task.Metadata.Uid, task.Metadata.Name, task.Status.Phase.ToString());
        foreach (var offer in offers)
            if (offer.ApplyCapable && !holders.ContainsKey(offer.Workspace)) holders[offer.Workspace] = new WorkspaceHolder(offer.Uid, cache.TaskByUid(offer.Uid)?.Metadata.Name ?? offer.Uid, "about to begin");
        return holders;
    }
}
