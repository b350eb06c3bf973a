using System.Collections.Concurrent;
using System.Diagnostics;
using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Pools;

namespace Berth.Operator.Placement;

/// <summary>
/// Runs placement for pools whose tasks or slots changed. Its offers are suggestions: only a task's status records a reservation,
/// so what is here may be lost at any time. A run that took long is not repeated at once: what happens meanwhile is placed together.
/// </summary>
internal sealed class PlacementLoop(ClusterCache cache, PodReader pods, AgentRegistry agents, PoolStates states, WorkHolds holds, TimeProvider time, ILogger<PlacementLoop> log) : IDisposable
{
    private static readonly TimeSpan OfferLife = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<ObjectKey, PoolQueue> _pools = new();
    private readonly OfferBook _offers = new(time);
    private readonly WorkQueue<ObjectKey> _queue = new(new WorkQueueOptions { Name = "placement", Time = time });

    /// <summary>Raised with the key of a task that got an offer, another cause to wait, or is asked to make way.</summary>
    public event Action<ObjectKey>? Placed;

    /// <summary>Raised with a pool when what it lacks changed.</summary>
    public event Action<ObjectKey>? DemandChanged;

    /// <summary>The slot offered to a task, if any.</summary>
    public SlotOffer? OfferFor(string uid) => _offers.Of(uid)?.Slot;

    /// <summary>Offers on a pod that no status shows yet.</summary>
    public IReadOnlyList<Offer> OffersOn(string podUid) => _offers.On(podUid);

    /// <summary>Why a task got none.</summary>
    public WaitCause? WaitOf(TaskResource task) => Queue(task).Waits.GetValueOrDefault(task.Metadata.Uid);

    /// <summary>Since when a task has been asking this leader for a slot; null if it has not.</summary>
    public DateTimeOffset? AskedAt(TaskResource task) => Queue(task).Asked.TryGetValue(task.Metadata.Uid, out var at) ? at : null;

    /// <summary>Whether a reservation is asked back.</summary>
    public bool IsDisplaced(TaskResource task) => Queue(task).Displaced.ContainsKey(task.Metadata.Uid);

    /// <summary>Name of the newer task that discards this one, if any.</summary>
    public string? SupersededBy(TaskResource task) => _pools.Where(p => p.Key.Namespace == task.Metadata.Namespace).Select(p => p.Value.Superseded.GetValueOrDefault(task.Metadata.Uid)).FirstOrDefault(n => n is not null);

    /// <summary>Number of tasks of a pool that wait for a slot.</summary>
    public int Waiting(ObjectKey pool) => _pools.TryGetValue(pool, out var queue) ? queue.Wishes.Count : 0;

    /// <summary>What more slots of a pool would be used for at once.</summary>
    public SlotDemand Unmet(ObjectKey pool) => _pools.TryGetValue(pool, out var queue) ? queue.Unmet : default;

    /// <summary>Uids of the tasks that lack nothing but a slot of a pool, in the order in which they get one, as the last run saw it. Empty on a standby.</summary>
    public IReadOnlyList<string> QueueOf(ObjectKey pool) => _pools.TryGetValue(pool, out var queue) ? queue.Places() : [];

    /// <summary>Name of another task that has the workspace of this one, by its status or by an offer that no status shows yet; null if there is none.</summary>
    public string? HolderBeside(TaskResource task)
    {
        var (ns, workspace, uid) = (task.Metadata.Namespace, task.Spec.Workspace, task.Metadata.Uid);
        // Offers first: one that goes meanwhile stands in a status by then.
        return _offers.All().FirstOrDefault(o => o.ApplyCapable && o.Workspace == workspace && o.Pool.Namespace == ns && o.Uid != uid)?.Task
            ?? cache.Tasks.ByIndex(ClusterCache.ByWorkspace, $"{ns}/{workspace}").FirstOrDefault(t => t.Status.Phase != TaskPhase.Pending && t.Metadata.Uid != uid)?.Metadata.Name;
    }

    /// <summary>Something about the pool's slots changed.</summary>
    public void Trigger(ObjectKey pool)
    {
        _queue.Add(pool);
        // A limit of the namespace joins its pools: what one gives up another may take.
        if (!holds.HasLimits(pool.Namespace!)) return;
        foreach (var (other, queue) in _pools)
            if (other.Namespace == pool.Namespace && !queue.Wishes.IsEmpty) _queue.Add(other);
    }

    /// <summary>Notes that a task wants a slot, or no longer does.</summary>
    public void Wish(TaskResource task, bool wants)
    {
        var (pool, uid) = (PoolOf(task), task.Metadata.Uid);
        if (wants ? Queue(task).Add(WishOf(task), time.GetUtcNow()) : _pools.TryGetValue(pool, out var queue) && queue.Remove(uid)) Trigger(pool);
    }

    /// <summary>The offer was used (its slot stands in the status now) or turned down.</summary>
    public void Settle(TaskResource task)
    {
        if (_offers.Remove(task.Metadata.Uid)) Trigger(PoolOf(task));
    }

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(TaskResource task)
    {
        Wish(task, wants: false);
        Settle(task);
    }

    /// <summary>Takes a pod out of placement before it ends. False, and nothing changes, if something is promised or held there.</summary>
    public bool Close(string podUid) => _offers.Close(podUid) && (Holding(podUid).Count == 0 || !Open(podUid));

    /// <summary>Puts a pod back that did not end after all.</summary>
    public bool Open(string podUid) => _offers.Open(podUid);

    /// <summary>Forgets everything, at the beginning of a term.</summary>
    public void Reset()
    {
        _offers.Clear();
        _pools.Clear();
    }

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await _queue.TakeAsync(cancellationToken) is (true, var pool))
        {
            try
            {
                if (_pools.TryGetValue(pool, out var queue) && queue.NotBefore - time.GetUtcNow() is { Ticks: > 0 } early) _queue.AddAfter(pool, early);
                else Place(pool);
            }
            finally
            {
                _queue.Done(pool);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _queue.Dispose();

    private void Place(ObjectKey pool)
    {
        _offers.DropStale(pool, uid => cache.PodByUid(uid) is not null);
        if (!_pools.TryGetValue(pool, out var queue) || cache.Pools.Store.Get(pool) is not { } spec) return;
        if (queue.Wishes.IsEmpty)
        {
            Tell(pool, queue, null, null);
            return;
        }
        var begun = Stopwatch.GetTimestamp();
        var waiting = queue.Wishes.Values.Where(w => _offers.Of(w.Uid) is null).ToList();
        var (snapshot, result) = _offers.Exclusively(() =>
        {
            var snapshot = new PoolSlots(cache, pods, agents, states, holds).Snapshot(pool, spec, waiting, queue.Given, _offers);
            var placed = Placer.Place(snapshot);
            foreach (var wish in waiting)
                if (placed.Offers.TryGetValue(wish.Uid, out var slot)) _offers.Add(new Offer(wish.Uid, wish.Name, pool, wish.Workspace, wish.ApplyCapable, ToOffer(slot), time.GetUtcNow() + OfferLife));
            return (snapshot, placed);
        });
        Tell(pool, queue, snapshot, result);
        var took = Stopwatch.GetElapsedTime(begun);
        if (took > TimeSpan.FromMilliseconds(2)) queue.NotBefore = time.GetUtcNow() + (took * 4 < LongestPause ? took * 4 : LongestPause);
        if (result.Offers.Count > 0) log.LogDebug("Placed {Count} of {Waiting} waiting tasks of pool {Pool} in {Took}", result.Offers.Count, waiting.Count, pool, took);
    }

    private void Tell(ObjectKey pool, PoolQueue queue, PlacementSnapshot? snapshot, PlacementResult? result)
    {
        var unmet = queue.Unmet;
        foreach (var name in queue.Take(snapshot, result, uid => cache.TaskByUid(uid)?.Metadata.Name)) Placed?.Invoke(new ObjectKey(pool.Namespace, name));
        if (unmet != queue.Unmet) DemandChanged?.Invoke(pool);
    }

    private List<TaskResource> Holding(string podUid) => PoolSlots.Holding(cache, podUid);

    private PoolQueue Queue(TaskResource task) => _pools.GetOrAdd(PoolOf(task), _ => new PoolQueue());

    private static WaitingTask WishOf(TaskResource task) => new()
    {
        Name = task.Metadata.Name,
        Uid = task.Metadata.Uid,
        Workspace = task.Spec.Workspace,
        Priority = task.Spec.Priority,
        QueuedAt = task.Status.QueuedAt ?? task.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue,
        ApplyCapable = task.Spec.Type != TaskType.Plan,
        Approved = task.Status.Grant is not null,
        Supersedes = task.Spec is { Supersede: true, Type: TaskType.PlanAndApply } && task.Status.Phase == TaskPhase.Pending,
        Discardable = task.Spec.Type == TaskType.PlanAndApply && task.Status.Grant is null,
    };

    private static ObjectKey PoolOf(TaskResource task) => new(task.Metadata.Namespace, task.Spec.PoolRef.Name);

    private static SlotOffer ToOffer(FreeSlot slot) => new() { Pod = slot.Pod, PodUid = slot.PodUid, Index = slot.Index, Node = slot.Node, NodeBootId = slot.NodeBootId, RunnerBoot = slot.RunnerBoot };
}
