using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Operator.Placement;

/// <summary>A slot that is promised to a task whose status does not say so yet.</summary>
internal sealed record Offer(string Uid, string Task, ObjectKey Pool, string Workspace, bool ApplyCapable, SlotOffer Slot, DateTimeOffset Until);

/// <summary>Promised slots, by task and by pod, and the pods on which nothing may be promised any more.</summary>
internal sealed class OfferBook(TimeProvider time)
{
    private static readonly IReadOnlyList<Offer> None = [];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Offer> _byTask = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Offer>> _byPod = new(StringComparer.Ordinal);
    private readonly HashSet<string> _closed = new(StringComparer.Ordinal);

    public Offer? Of(string task)
    {
        lock (_lock) return _byTask.GetValueOrDefault(task);
    }

    public IReadOnlyList<Offer> On(string podUid)
    {
        lock (_lock) return _byPod.TryGetValue(podUid, out var offers) ? [.. offers] : None;
    }

    public IReadOnlyList<Offer> All()
    {
        lock (_lock) return [.. _byTask.Values];
    }

    public bool IsClosed(string podUid)
    {
        lock (_lock) return _closed.Contains(podUid);
    }

    /// <summary>Nothing is closed while this runs, so that what it saw free stays free until it is promised.</summary>
    public T Exclusively<T>(Func<T> place)
    {
        lock (_lock) return place();
    }

    public void Add(Offer offer)
    {
        lock (_lock)
        {
            Remove(offer.Uid);
            _byTask[offer.Uid] = offer;
            if (!_byPod.TryGetValue(offer.Slot.PodUid, out var offers)) _byPod[offer.Slot.PodUid] = offers = [];
            offers.Add(offer);
        }
    }

    public bool Remove(string task)
    {
        lock (_lock)
        {
            if (!_byTask.Remove(task, out var offer)) return false;
            var offers = _byPod[offer.Slot.PodUid];
            offers.Remove(offer);
            if (offers.Count == 0) _byPod.Remove(offer.Slot.PodUid);
            return true;
        }
    }

    /// <summary>False if something is promised on the pod.</summary>
    public bool Close(string podUid)
    {
        lock (_lock) return !_byPod.ContainsKey(podUid) && (_closed.Add(podUid) || true);
    }

    /// <summary>True if the pod was closed.</summary>
    public bool Open(string podUid)
    {
        lock (_lock) return _closed.Remove(podUid);
    }

    /// <summary>An offer that nobody took up in time (its reconcile keeps failing, say) goes back.</summary>
    public void DropStale(ObjectKey pool, Func<string, bool> podExists)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var offer in _byTask.Values.Where(o => o.Pool == pool && (o.Until < now || !podExists(o.Slot.PodUid))).ToList()) Remove(offer.Uid);
            _closed.RemoveWhere(uid => !podExists(uid));
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _byTask.Clear();
            _byPod.Clear();
            _closed.Clear();
        }
    }
}
