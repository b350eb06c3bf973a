namespace Berth.Kubernetes;

/// <summary>A queue of keys: each is worked on by one worker at a time, and a key that is added while it is worked on runs once more
/// afterwards. Keys are never dropped.</summary>
/// <typeparam name="TKey">The key.</typeparam>
public sealed class WorkQueue<TKey> : IMetricSource, IDisposable where TKey : notnull
{
    private const int BackgroundShare = 16;

    private readonly WorkQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<TKey> _normal = new();
    private readonly Queue<TKey> _background = new();
    // What must be worked on (and since when), in a queue or waiting for its present work to end.
    private readonly Dictionary<TKey, (WorkPriority Priority, long Since)> _dirty = [];
    private readonly Dictionary<TKey, long> _processing = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Queue<TaskCompletionSource<bool>> _idle = new();
    private readonly DelayedKeys<TKey> _delayed;
    private TaskCompletionSource? _drained;
    private int _taken;
    private bool _shut;

    /// <summary>An empty queue.</summary>
    public WorkQueue(WorkQueueOptions? options = null)
    {
        _options = options ?? new();
        _time = _options.Time;
        _delayed = new(_time, AddDue);
        KubernetesMetrics.Register(this);
    }

    /// <summary>Name of the queue.</summary>
    public string Name => _options.Name;

    /// <summary>Keys that wait for a worker.</summary>
    public int Depth
    {
        get
        {
            lock (_lock) return Waiting;
        }
    }

    /// <summary>Keys that wait for their time.</summary>
    public int DelayedCount => _delayed.Count;

    /// <summary>How long the longest work in progress has taken.</summary>
    public TimeSpan LongestRunning
    {
        get
        {
            lock (_lock) return _processing.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_processing.Values.Min());
        }
    }

    string IMetricSource.TagName => "name";

    // Keys that are dirty while they are worked on are in no queue.
    private int Waiting => _dirty.Count - _processing.Keys.Count(_dirty.ContainsKey);

    /// <summary>Adds a key now. One that waits already is not added twice, but may move forward.</summary>
    public void Add(TKey key, WorkPriority priority = WorkPriority.Normal)
    {
        lock (_lock)
        {
            if (_shut) return;
            if (_dirty.TryGetValue(key, out var there))
            {
                if (there.Priority >= priority) return;
                _dirty[key] = (priority, there.Since);
            }
            else
            {
                _dirty.Add(key, (priority, _time.GetTimestamp()));
                KubernetesMetrics.Added(Name);
            }
            if (!_processing.ContainsKey(key)) Enqueue(key, priority);
        }
    }

    /// <summary>Adds a key after a time. Of several times for one key the earliest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero) Add(key);
        else if (!Volatile.Read(ref _shut)) _delayed.Add(key, delay);
    }

    /// <summary>Adds a key after its backoff, which grows with each call until <see cref="Forget"/>.</summary>
    public void AddRateLimited(TKey key)
    {
        int failures;
        lock (_lock)
        {
            failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
        }
        KubernetesMetrics.Retried(Name);
        AddAfter(key, BackoffOf(failures));
    }

    /// <summary>Forgets the failures of a key.</summary>
    public void Forget(TKey key)
    {
        lock (_lock) _failures.Remove(key);
    }

    /// <summary>How often a key has failed since it last succeeded.</summary>
    public int FailuresOf(TKey key)
    {
        lock (_lock) return _failures.GetValueOrDefault(key);
    }

    /// <summary>Waits for a key. The taker must call <see cref="Done"/> for it. Not found when the queue was shut.</summary>
    public async ValueTask<(bool Found, TKey Key)> TakeAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TaskCompletionSource<bool> turn;
            lock (_lock)
            {
                if (TryTake(out var key)) return (true, key);
                if (_shut) return (false, default!);
                turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _idle.Enqueue(turn);
            }
            using var cancelled = cancellationToken.UnsafeRegister(static (waiter, token) => ((TaskCompletionSource<bool>)waiter!).TrySetCanceled(token), turn);
            await turn.Task;
        }
    }

    /// <summary>Ends the work on a key. If it was added meanwhile, it waits for a worker again.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (!_processing.Remove(key, out var since)) throw new InvalidOperationException($"\"{key}\" is not being worked on.");
            KubernetesMetrics.Worked(Name, _time.GetElapsedTime(since));
            if (_dirty.TryGetValue(key, out var again)) Enqueue(key, again.Priority);
            if (_processing.Count == 0) _drained?.TrySetResult();
        }
    }

    /// <summary>Takes no more keys and gives none out. Work in progress goes on.</summary>
    public void Shut()
    {
        lock (_lock)
        {
            Volatile.Write(ref _shut, true);
            while (_idle.TryDequeue(out var turn)) turn.TrySetResult(true);
        }
        _delayed.Dispose();
    }

    /// <summary>Shuts the queue and completes when no key is being worked on.</summary>
    public Task DrainAsync(CancellationToken cancellationToken = default)
    {
        Shut();
        lock (_lock)
        {
            if (_processing.Count == 0) return Task.CompletedTask;
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Shut();
        KubernetesMetrics.Unregister(this);
    }

    double? IMetricSource.Read(string instrument)
    {
        lock (_lock)
        {
            return instrument switch
            {
                "workqueue_depth" => Waiting,
                "workqueue_delayed" => _delayed.Count,
                "workqueue_unfinished_work_seconds" => _processing.Values.Sum(since => _time.GetElapsedTime(since).TotalSeconds),
                "workqueue_longest_running_processor_seconds" => _processing.Count == 0 ? 0 : _time.GetElapsedTime(_processing.Values.Min()).TotalSeconds,
                _ => null,
            };
        }
    }

    internal TimeSpan BackoffOf(int failures)
    {
        var pause = _options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 62));
        return pause >= _options.MaxBackoff.TotalMilliseconds ? _options.MaxBackoff : TimeSpan.FromMilliseconds(pause);
    }

    private void AddDue(TKey key) => Add(key);

    private void Enqueue(TKey key, WorkPriority priority)
    {
        (priority == WorkPriority.Normal ? _normal : _background).Enqueue(key);
        // A waiter that was cancelled is passed over; one that is woken in vain waits again.
        while (_idle.TryDequeue(out var turn) && !turn.TrySetResult(true)) { }
    }

    private bool TryTake(out TKey key)
    {
        while (Next(out key))
        {
            // A key that moved forward left its old place behind; a key taken by another way is not dirty any more.
            if (_processing.ContainsKey(key) || !_dirty.Remove(key, out var entry)) continue;
            _processing.Add(key, _time.GetTimestamp());
            _taken++;
            KubernetesMetrics.Waited(Name, _time.GetElapsedTime(entry.Since));
            return true;
        }
        return false;
    }

    private bool Next(out TKey key)
    {
        if (_shut)
        {
            key = default!;
            return false;
        }
        var backgroundFirst = _taken % BackgroundShare == BackgroundShare - 1;
        return backgroundFirst ? _background.TryDequeue(out key!) || _normal.TryDequeue(out key!) : _normal.TryDequeue(out key!) || _background.TryDequeue(out key!);
    }
}
