using System.Collections.Immutable;

namespace Berth.DevCluster.Storage;

/// <summary>The last few rebuilt states, so that each page of a long list does not rebuild its own.</summary>
internal sealed class SnapshotCache
{
    private const int Capacity = 16;
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Revision, ImmutableSortedSet<StoredObject> Set)> _kept = [];

    public ImmutableSortedSet<StoredObject>? Find(long revision)
    {
        lock (_lock)
        {
            foreach (var (kept, set) in _kept)
            {
                if (kept == revision) return set;
            }
            return null;
        }
    }

    public ImmutableSortedSet<StoredObject> Keep(long revision, ImmutableSortedSet<StoredObject> set)
    {
        lock (_lock)
        {
            _kept.AddLast((revision, set));
            if (_kept.Count > Capacity) _kept.RemoveFirst();
        }
        return set;
    }

    public void Clear()
    {
        lock (_lock) _kept.Clear();
    }
}
