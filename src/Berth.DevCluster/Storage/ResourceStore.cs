using System.Collections.Immutable;

namespace Berth.DevCluster.Storage;

/// <summary>All objects of one resource: the present state as one immutable set, and the log of what changed.</summary>
internal sealed class ResourceStore(string name, long startRevision, int historyCapacity)
{
    private readonly SnapshotCache _snapshots = new();

    /// <summary>The registry prefix, <c>group/plural</c> as etcd keys show it.</summary>
    public string Name { get; } = name;

    public EventLog Log { get; } = new(startRevision, historyCapacity);

    public ImmutableSortedSet<StoredObject> Current => Log.Current;

    public StoredObject? Find(string key) => Current.TryGetValue(StoredObject.Probe(key), out var found) ? found : null;

    /// <summary>The state right after a revision, rebuilt from the log; null when the log no longer reaches that far.</summary>
    public ImmutableSortedSet<StoredObject>? At(long revision)
    {
        if (_snapshots.Find(revision) is { } kept) return kept;
        var (set, later) = Log.Since(revision);
        if (later is not { } events) return null;
        if (events.Count == 0) return set;
        var builder = set.ToBuilder();
        for (var i = events.Count - 1; i >= 0; i--)
        {
            builder.Remove(events[i].Object);
            if (events[i].Previous is { } previous) builder.Add(previous);
        }
        return _snapshots.Keep(revision, builder.ToImmutable());
    }

    /// <summary>Forgets everything but the present state.</summary>
    public void Compact(long revision)
    {
        _snapshots.Clear();
        Log.Compact(revision);
    }
}
