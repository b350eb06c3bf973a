using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;

namespace Berth.Operator.Placement;

/// <summary>
/// Runs placement for pools whose tasks or slots changed. Its offers are suggestions: only a task's status records a reservation,
/// so what is here may be lost at any time.
/// </summary>
internal sealed class PlacementLoop(ClusterCache cache, PodReader pods, AgentRegistry agents, TimeProvider time, ILogger<PlacementLoop> log) : IDisposable
{
    private static readonly TimeSpan OfferLife = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, Offer> _offers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WaitCause> _waits = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _displaced = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectKey, ConcurrentDictionary<string, WaitingTask>> _wishes = new();
    private readonly WorkQueue<ObjectKey> _queue = new(new WorkQueueOptions { Name = "placement", Time = time });

    /// <summary>Raised with the key of a task that got an offer or another cause to wait.</summary>
    public event Action<ObjectKey>? Placed;

    /// <summary>The slot offered to a task, if any.</summary>
    public SlotOffer? OfferFor(string uid) => _offers.TryGetValue(uid, out var offer) ? offer.Slot : null;

    /// <summary>Why a task got none.</summary>
    public WaitCause? WaitOf(string uid) => _waits.GetValueOrDefault(uid);

    /// <summary>Whether a reservation is asked back.</summary>
    public bool IsDisplaced(string uid) => _displaced.ContainsKey(uid);

    /// <summary>Number of tasks of a pool that wait for a slot.</summary>
    public int Waiting(ObjectKey pool) => _wishes.TryGetValue(pool, out var tasks) ? tasks.Count : 0;

    /// <summary>Something about the pool's slots changed.</summary>
    public void Trigger(ObjectKey pool) => _queue.Add(pool);

    /// <summary>Notes that a task wants a slot, or no longer does.</summary>
    public void Wish(TaskResource task, bool wants)
    {
        var pool = PoolOf(task);
        var uid = task.Metadata.Uid;
        if (!wants)
        {
            if (_wishes.TryGetValue(pool, out var tasks)) tasks.TryRemove(uid, out _);
            _waits.TryRemove(uid, out _);
            _displaced.TryRemove(uid, out _);
            return;
        }
        var wish = new WaitingTask
        {
            Name = task.Metadata.Name,
            Uid = uid,
            Workspace = task.Spec.Workspace,
            Priority = task.Spec.Priority,
            QueuedAt = task.Status.QueuedAt ?? task.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue,
            ApplyCapable = task.Spec.Type != TaskType.Plan,
            Approved = task.Status.Grant is not null,
        };
        var wishes = _wishes.GetOrAdd(pool, _ => new(StringComparer.Ordinal));
        if (wishes.TryGetValue(uid, out var known) && known == wish) return;
        wishes[uid] = wish;
        Trigger(pool);
    }

    /// <summary>The offer was used (its slot stands in the status now) or turned down.</summary>
    public void Settle(TaskResource task)
    {
        if (_offers.TryRemove(task.Metadata.Uid, out _)) Trigger(PoolOf(task));
    }

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(TaskResource task)
    {
        Wish(task, wants: false);
        Settle(task);
    }

    /// <summary>Forgets everything, at the beginning of a term.</summary>
    public void Reset()
    {
        _offers.Clear();
        _waits.Clear();
        _wishes.Clear();
        _displaced.Clear();
    }

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await _queue.TakeAsync(cancellationToken) is (true, var pool))
        {
            try
            {
                Place(pool);
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
        DropStaleOffers(pool);
        if (!_wishes.TryGetValue(pool, out var wishes) || wishes.IsEmpty) return;
        if (cache.Pools.Store.Get(pool) is not { } spec) return;
        var waiting = wishes.Values.Where(w => !_offers.ContainsKey(w.Uid)).ToList();
        var snapshot = new PoolSlots(cache, pods, agents).Snapshot(pool, spec, waiting, _offers.Values.Where(o => o.Pool == pool).Select(o => (o.Slot, o.Workspace, o.Uid, o.ApplyCapable)).ToList());
        var result = Placer.Place(snapshot);
        foreach (var wish in waiting) Take(pool, wish, result);
        foreach (var uid in result.Displaced)
            if (_displaced.TryAdd(uid, 0) && cache.TaskByUid(uid) is { } victim) Placed?.Invoke(victim.Metadata.Key());
        if (result.Offers.Count > 0) log.LogDebug("Placed {Count} of {Waiting} waiting tasks of pool {Pool}", result.Offers.Count, waiting.Count, pool);
    }

    private void Take(ObjectKey pool, WaitingTask wish, PlacementResult result)
    {
        var key = new ObjectKey(pool.Namespace, wish.Name);
        if (result.Offers.TryGetValue(wish.Uid, out var slot))
        {
            _offers[wish.Uid] = new Offer(wish.Uid, pool, wish.Workspace, wish.ApplyCapable, ToOffer(slot), time.GetUtcNow() + OfferLife);
            _waits.TryRemove(wish.Uid, out _);
            Placed?.Invoke(key);
        }
        else if (result.Waits.TryGetValue(wish.Uid, out var cause) && _waits.GetValueOrDefault(wish.Uid) != cause)
        {
            _waits[wish.Uid] = cause;
            Placed?.Invoke(key);
        }
    }

    /// <summary>An offer that nobody took up in time (its reconcile keeps failing, say) goes back.</summary>
    private void DropStaleOffers(ObjectKey pool)
    {
        var now = time.GetUtcNow();
        foreach (var (uid, offer) in _offers)
            if (offer.Pool == pool && (offer.Until < now || cache.PodByUid(offer.Slot.PodUid) is null)) _offers.TryRemove(uid, out _);
    }

    private static ObjectKey PoolOf(TaskResource task) => new(task.Metadata.Namespace, task.Spec.PoolRef.Name);

    private static SlotOffer ToOffer(FreeSlot slot) => new() { Pod = slot.Pod, PodUid = slot.PodUid, Index = slot.Index, Node = slot.Node, NodeBootId = slot.NodeBootId, RunnerBoot = slot.RunnerBoot };

    private sealed record Offer(string Uid, ObjectKey Pool, string Workspace, bool ApplyCapable, SlotOffer Slot, DateTimeOffset Until);
}
