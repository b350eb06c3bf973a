using System.Collections.Immutable;

namespace Berth.DevCluster.Storage;

/// <summary>What a watch tells: ADDED, MODIFIED or DELETED, with the state before (null for an addition).</summary>
internal sealed record WatchEvent(string Type, long Revision, StoredObject Object, StoredObject? Previous);

/// <summary>
/// The present objects of one resource and their bounded history, changed together. Watchers read the history at their own
/// pace by revision; nothing is queued per watcher, so a slow one costs nothing and finds out with 410 that it was left behind.
/// </summary>
internal sealed class EventLog(long startRevision, int capacity)
{
    private readonly Lock _lock = new();
    private ImmutableSortedSet<StoredObject> _current = ImmutableSortedSet.Create<StoredObject>(StoredObjectOrder.Instance);

    // Written once per slot and never moved while a reader may hold a segment of it: a full array is replaced, not reused.
    private WatchEvent[] _events = new WatchEvent[16];
    private int _start;
    private int _end;
    private long _oldest = startRevision;
    private long _last = startRevision;
    private TaskCompletionSource _changed = New();

    public ImmutableSortedSet<StoredObject> Current => Volatile.Read(ref _current);

    /// <summary>Watches may begin after this revision or a later one.</summary>
    public long Oldest { get { lock (_lock) return _oldest; } }

    /// <summary>Completes at the next change after the call.</summary>
    public Task Changed { get { lock (_lock) return _changed.Task; } }

    public void Append(WatchEvent change, ImmutableSortedSet<StoredObject> next)
    {
        TaskCompletionSource woken;
        lock (_lock)
        {
            Volatile.Write(ref _current, next);
            if (_end == _events.Length) MakeRoom();
            _events[_end++] = change;
            _last = change.Revision;
            if (_end - _start > capacity) _oldest = _events[_start++].Revision;
            woken = _changed;
            _changed = New();
        }
        woken.TrySetResult();
    }

    /// <summary>Begins anew from a restored state; nothing before the revision can be watched.</summary>
    public void Reset(ImmutableSortedSet<StoredObject> current, long revision)
    {
        lock (_lock) Volatile.Write(ref _current, current);
        Compact(revision);
    }

    /// <summary>The present state and the revision of the last change in it.</summary>
    public (ImmutableSortedSet<StoredObject> Current, long Last) State()
    {
        lock (_lock) return (_current, _last);
    }

    /// <summary>The events after a revision, oldest first; null when some of them are no longer kept.</summary>
    public ArraySegment<WatchEvent>? After(long revision)
    {
        lock (_lock) return revision < _oldest ? (ArraySegment<WatchEvent>?)null : Slice(revision);
    }

    /// <summary>The present state together with the events after a revision, so that the one is exactly the sum of the other.</summary>
    public (ImmutableSortedSet<StoredObject> Current, ArraySegment<WatchEvent>? Later) Since(long revision)
    {
        lock (_lock) return (_current, revision < _oldest ? (ArraySegment<WatchEvent>?)null : Slice(revision));
    }

    /// <summary>Forgets all history, as a compaction would: watches from before now get 410.</summary>
    public void Compact(long revision)
    {
        TaskCompletionSource woken;
        lock (_lock)
        {
            _events = new WatchEvent[16];
            _start = _end = 0;
            _oldest = revision;
            woken = _changed;
            _changed = New();
        }
        woken.TrySetResult();
    }

    private void MakeRoom()
    {
        var live = _end - _start;
        var bigger = new WatchEvent[Math.Max(16, live * 2)];
        Array.Copy(_events, _start, bigger, 0, live);
        (_events, _start, _end) = (bigger, 0, live);
    }

    private ArraySegment<WatchEvent> Slice(long revision)
    {
        int low = _start, high = _end;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_events[middle].Revision > revision) high = middle;
            else low = middle + 1;
        }
        return new ArraySegment<WatchEvent>(_events, low, _end - low);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
