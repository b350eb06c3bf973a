using System.Collections.Concurrent;
using Berth.Core.Placement;
using Berth.Core.Tasks;

namespace Berth.Operator.Placement;

/// <summary>Who waits for slots of one pool, and what the last run of placement said to them.</summary>
internal sealed class PoolQueue
{
    private volatile PlacementSnapshot? _seen;
    private volatile Forecast? _forecast;

    /// <summary>Tasks that want a slot, by uid.</summary>
    public ConcurrentDictionary<string, WaitingTask> Wishes { get; } = new(StringComparer.Ordinal);

    /// <summary>When each of them first asked this leader, by uid.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> Asked { get; } = new(StringComparer.Ordinal);

    /// <summary>Why each got none, by uid.</summary>
    public ConcurrentDictionary<string, WaitCause> Waits { get; } = new(StringComparer.Ordinal);

    /// <summary>Uids of tasks whose reservation is asked back.</summary>
    public ConcurrentDictionary<string, byte> Displaced { get; } = new(StringComparer.Ordinal);

    /// <summary>Uids of tasks that a newer one discards, to its name.</summary>
    public ConcurrentDictionary<string, string> Superseded { get; } = new(StringComparer.Ordinal);

    /// <summary>What more slots would be used for at once.</summary>
    public SlotDemand Unmet { get; private set; }

    /// <summary>How many slots were given away.</summary>
    public long Given { get; private set; }

    /// <summary>The next run is not before this moment.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Adds or renews a wish. True if that is news.</summary>
    public bool Add(WaitingTask wish, DateTimeOffset now)
    {
        Asked.TryAdd(wish.Uid, now);
        if (Wishes.TryGetValue(wish.Uid, out var known) && known == wish) return false;
        Wishes[wish.Uid] = wish;
        return true;
    }

    /// <summary>Takes a wish back. True if there was one.</summary>
    public bool Remove(string uid)
    {
        Asked.TryRemove(uid, out _);
        Waits.TryRemove(uid, out _);
        Displaced.TryRemove(uid, out _);
        Superseded.TryRemove(uid, out _);
        return Wishes.TryRemove(uid, out _);
    }

    /// <summary>
    /// Uids of those who lack nothing but a slot, in the order in which they get one; as the last run saw it, without those who left since.
    /// Worked out when somebody asks, once for each run.
    /// </summary>
    public IReadOnlyList<string> Places()
    {
        if (_seen is not { } seen) return [];
        if (_forecast is not { } forecast || !ReferenceEquals(forecast.Of, seen)) _forecast = forecast = new Forecast(seen, Placer.Forecast(seen));
        return [.. forecast.Uids.Where(Waits.ContainsKey)];
    }

    /// <summary>Takes in what a run saw and decided (null: nobody waits). Returns the names of the tasks for which something changed.</summary>
    public IReadOnlyList<string> Take(PlacementSnapshot? snapshot, PlacementResult? result, Func<string, string?> nameOf)
    {
        if (result is null)
        {
            (Unmet, _seen, _forecast) = (default, null, null);
            Waits.Clear();
            Displaced.Clear();
            Superseded.Clear();
            return [];
        }
        var changed = new List<string>();
        foreach (var (uid, _) in result.Offers)
        {
            Waits.TryRemove(uid, out _);
            if (Wishes.TryGetValue(uid, out var wish)) changed.Add(wish.Name);
        }
        foreach (var (uid, cause) in result.Waits)
        {
            if (!Wishes.TryGetValue(uid, out var wish) || (Waits.TryGetValue(uid, out var known) && known == cause)) continue;
            Waits[uid] = cause;
            changed.Add(wish.Name);
        }
        foreach (var uid in Displaced.Keys)
            if (!result.Displaced.Contains(uid)) Displaced.TryRemove(uid, out _);
        foreach (var uid in result.Displaced)
            if (Displaced.TryAdd(uid, 0) && nameOf(uid) is { } name) changed.Add(name);
        foreach (var uid in Superseded.Keys)
            if (!result.Superseded.ContainsKey(uid)) Superseded.TryRemove(uid, out _);
        foreach (var (uid, by) in result.Superseded)
            if (Superseded.TryAdd(uid, by) && nameOf(uid) is { } name) changed.Add(name);
        (Unmet, Given, _seen) = (result.Unmet, result.Given, snapshot);
        return changed;
    }

    private sealed record Forecast(PlacementSnapshot Of, IReadOnlyList<string> Uids);
}
