namespace Berth.Kubernetes;

/// <summary>Keys with a time, in one heap with one timer: any number of them costs nothing until the first is due.</summary>
internal sealed class DelayedKeys<TKey> : IDisposable where TKey : notnull
{
    private readonly TimeProvider _time;
    private readonly Action<TKey> _due;
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TKey, long> _heap = new();
    private readonly Dictionary<TKey, long> _earliest = [];
    private readonly long _start;
    private readonly ITimer _timer;
    private long _armedFor = long.MaxValue;
    private bool _disposed;

    public DelayedKeys(TimeProvider time, Action<TKey> due)
    {
        _time = time;
        _due = due;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static self => ((DelayedKeys<TKey>)self!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_lock) return _earliest.Count;
        }
    }

    private long Now => _time.GetElapsedTime(_start).Ticks;

    public void Add(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (_disposed) return;
            var due = Now + delay.Ticks;
            if (_earliest.TryGetValue(key, out var known) && known <= due) return;
            // A later entry of the same key stays in the heap and is passed over when its time comes.
            _earliest[key] = due;
            _heap.Enqueue(key, due);
            if (due < _armedFor) Arm(due);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _heap.Clear();
            _earliest.Clear();
        }
        _timer.Dispose();
    }

    private void Fire()
    {
        var ready = new List<TKey>();
        lock (_lock)
        {
            _armedFor = long.MaxValue;
            var now = Now;
            while (_heap.TryPeek(out var key, out var due))
            {
                if (due > now)
                {
                    Arm(due);
                    break;
                }
                _heap.Dequeue();
                if (_earliest.TryGetValue(key, out var wanted) && wanted == due && _earliest.Remove(key)) ready.Add(key);
            }
        }
        foreach (var key in ready) _due(key);
    }

    private void Arm(long due)
    {
        if (_disposed) return;
        _armedFor = due;
        var wait = TimeSpan.FromTicks(Math.Max(0, due - Now));
        // Timers count whole milliseconds: rounded up, so that one never fires just before its time.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(wait.TotalMilliseconds), uint.MaxValue - 1)), Timeout.InfiniteTimeSpan);
    }
}
