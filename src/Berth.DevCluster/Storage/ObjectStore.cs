using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Berth.DevCluster.Storage;

/// <summary>
/// The cluster's one store. Writes pass one lock and take the next of one global revision; reads never wait: they see
/// immutable sets. Objects are compared and swapped by the state the writer started from.
/// </summary>
internal sealed class ObjectStore(int historyCapacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, ResourceStore> _resources = new();
    private long _revision = 1;
    private IStoreJournal? _journal;

    public long Revision => Volatile.Read(ref _revision);

    public IEnumerable<ResourceStore> Resources => _resources.Values;

    /// <summary>The collection of a resource, made on first use; its history begins at the present revision.</summary>
    public ResourceStore Resource(string name) => _resources.GetOrAdd(name, n => new ResourceStore(n, Revision, historyCapacity));

    /// <summary>The present objects of a resource and the revision at which they are the whole truth.</summary>
    public (ImmutableSortedSet<StoredObject> Set, long Revision) Snapshot(ResourceStore resource)
    {
        var before = Revision;
        var (set, last) = resource.Log.State();
        return (set, Math.Max(before, last));
    }

    /// <summary>Adds an object; null when one of that key exists.</summary>
    public StoredObject? Insert(ResourceStore resource, ObjectDraft draft)
    {
        lock (_lock)
        {
            if (resource.Find(draft.Key) is not null) return null;
            var added = draft.At(_revision + 1);
            Commit(resource, new WatchEvent("ADDED", added.Revision, added, null));
            return added;
        }
    }

    /// <summary>Replaces exactly the expected state; null when it is no longer the present one.</summary>
    public StoredObject? Replace(ResourceStore resource, StoredObject expected, ObjectDraft draft)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(resource.Find(expected.Key), expected)) return null;
            var changed = draft.At(_revision + 1);
            Commit(resource, new WatchEvent("MODIFIED", changed.Revision, changed, expected));
            return changed;
        }
    }

    /// <summary>Removes exactly the expected state; watchers see the last state with the revision of its end.</summary>
    public StoredObject? Remove(ResourceStore resource, StoredObject expected, ObjectDraft last)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(resource.Find(expected.Key), expected)) return null;
            var removed = last.At(_revision + 1);
            Commit(resource, new WatchEvent("DELETED", removed.Revision, removed, expected));
            return removed;
        }
    }

    /// <summary>Restores what a journal kept and writes to it from now on.</summary>
    public void Attach(IStoreJournal journal)
    {
        lock (_lock)
        {
            _revision = Math.Max(_revision, journal.Restore(this));
            _journal = journal;
        }
    }

    /// <summary>Forgets all watch history, like etcd's compaction.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            foreach (var resource in _resources.Values) resource.Compact(_revision);
        }
    }

    public void Dispose() => _journal?.Dispose();

    private void Commit(ResourceStore resource, WatchEvent change)
    {
        // Journal first: what a watcher has seen must survive a crash.
        _journal?.Write(resource, change);
        var builder = resource.Current;
        var next = change.Previous is null ? builder : builder.Remove(change.Previous);
        if (change.Type != "DELETED") next = next.Add(change.Object);
        // The log first: who reads a revision and then a log finds all events up to that revision in it.
        resource.Log.Append(change, next);
        Volatile.Write(ref _revision, change.Revision);
        _journal?.AfterCommit(change.Revision);
    }
}
