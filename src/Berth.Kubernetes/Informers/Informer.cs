using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>A shared, indexed cache of one resource that follows the server and tells handlers what changes.</summary>
/// <remarks>Handlers get events in order, one after the other, none merged, away from the watch; each has its own queue. A gap is closed by a
/// fresh list, and what vanished meanwhile is reported as deleted, with <see cref="InformerEvent{T}.IsTombstone"/>. A new object under an
/// old name is a deletion and an addition.</remarks>
/// <typeparam name="T">The object's record.</typeparam>
public sealed class Informer<T> : IInformer, IReflectorSink<T>, IMetricSource where T : class
{
    private readonly Reflector<T> _reflector;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    // Guards the order of events: changes are applied and posted, and handlers join, under this lock only.
    private readonly Lock _publishing = new();
    private readonly List<InformerHandler<T>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _waiting = new();
    private List<TaskCompletionSource> _wantList = [];
    private List<TaskCompletionSource> _inList = [];
    private Func<T, T>? _transform;
    private long _heardAt;

    internal Informer(KubernetesClient client, ResourceType<T> type, InformerOptions options)
    {
        Type = type;
        Name = options switch { { Namespace: { } ns } => $"{type}/{ns}", { FieldSelector: { } fields } => $"{type}?{fields}", _ => type.ToString() };
        _time = client.Time;
        _log = client.Logging.CreateLogger("Berth.Kubernetes.Informer");
        _reflector = new(client, type, options, this, Name);
    }

    /// <summary>The resource.</summary>
    public ResourceType<T> Type { get; }

    /// <inheritdoc cref="IInformer.Name" />
    public string Name { get; }

    /// <summary>The cached objects.</summary>
    public Store<T> Store { get; } = new();

    /// <inheritdoc />
    public bool HasSynced => _synced.Task.IsCompleted;

    /// <inheritdoc />
    public TimeSpan Age => HasSynced ? _time.GetElapsedTime(Volatile.Read(ref _heardAt)) : TimeSpan.MaxValue;

    string IMetricSource.TagName => "name";

    bool IReflectorSink<T>.WantsList
    {
        get
        {
            // Those of a list that failed still wait.
            lock (_waiting) return _wantList.Count > 0 || _inList.Count > 0;
        }
    }

    /// <summary>Files objects under values, for <see cref="Store{T}.ByIndex"/>. The values must depend on the object alone.</summary>
    public Informer<T> AddIndex(string name, Func<T, IEnumerable<string>> valuesOf)
    {
        Store.AddIndex(name, valuesOf);
        return this;
    }

    /// <summary>Files objects under one value, or none when it is null.</summary>
    public Informer<T> AddIndex(string name, Func<T, string?> valueOf) =>
        AddIndex(name, value => valueOf(value) is { } one ? [one] : (IEnumerable<string>)[]);

    /// <summary>Changes what is kept of each object, before anybody sees it; identity and resourceVersion must stay. Set it before the start.</summary>
    public Informer<T> UseTransform(Func<T, T> transform)
    {
        _transform = transform;
        return this;
    }

    /// <summary>Adds a handler. It first gets the objects that are there, then every change. Dispose the result to remove it.</summary>
    public IDisposable AddHandler(Func<InformerEvent<T>, ValueTask> handle)
    {
        var handler = new InformerHandler<T>(Name, handle, _log);
        lock (_publishing)
        {
            handler.Post([.. Store.List().Select(value => new InformerEvent<T>(InformerEventType.Added, Type.KeyOf(value), value, null, true, false))]);
            _handlers.Add(handler);
        }
        handler.Start(() =>
        {
            lock (_publishing) _handlers.Remove(handler);
        });
        return handler;
    }

    /// <summary>Adds a handler that does not wait for anything.</summary>
    public IDisposable AddHandler(Action<InformerEvent<T>> handle) => AddHandler(change =>
    {
        handle(change);
        return ValueTask.CompletedTask;
    });

    /// <inheritdoc />
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        KubernetesMetrics.Register(this);
        try
        {
            await _reflector.RunAsync(cancellationToken);
        }
        finally
        {
            KubernetesMetrics.Unregister(this);
        }
    }

    /// <inheritdoc />
    public Task WaitForSyncAsync(CancellationToken cancellationToken = default) => _synced.Task.WaitAsync(cancellationToken);

    /// <inheritdoc />
    public async Task RefreshAsync(CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting) _wantList.Add(done);
        _reflector.Interrupt();
        await done.Task.WaitAsync(cancellationToken);
        await DrainHandlersAsync(cancellationToken);
    }

    /// <summary>Completes when every handler has been through all events so far.</summary>
    public Task DrainHandlersAsync(CancellationToken cancellationToken = default)
    {
        lock (_publishing) return Task.WhenAll(_handlers.Select(static handler => handler.MarkAsync()).ToArray()).WaitAsync(cancellationToken);
    }

    double? IMetricSource.Read(string instrument) => instrument switch
    {
        "informer_objects" => Store.Count,
        "informer_age_seconds" => HasSynced ? Age.TotalSeconds : null,
        "informer_synced" => HasSynced ? 1 : 0,
        _ => null,
    };

    void IReflectorSink<T>.Heard() => Volatile.Write(ref _heardAt, _time.GetTimestamp());

    // One that is here already in this version stays the one that it is: a list of all objects is not held twice, nor transformed again.
    T IReflectorSink<T>.Keep(T value)
    {
        var id = Type.Identify(value);
        if (id.ResourceVersion is { Length: > 0 } && Store.Get(id.Key) is { } held && Type.Identify(held) == id) return held;
        return _transform is { } transform ? transform(value) : value;
    }

    void IReflectorSink<T>.ListBegins()
    {
        lock (_waiting)
        {
            _inList.AddRange(_wantList);
            _wantList = [];
        }
    }

    void IReflectorSink<T>.Apply(WatchEvent<T> change)
    {
        var value = change.Object!;
        var id = Type.Identify(value);
        lock (_publishing)
        {
            if (change.Type == WatchEventType.Deleted)
            {
                // Its last state as the server tells it; an object that was never here is nobody's loss.
                if (Store.Remove(id.Key) is not null) Post([new(InformerEventType.Deleted, id.Key, value, null, false, false)]);
                return;
            }
            Post([.. Told(id, Store.Set(id.Key, value), value, initial: false)]);
        }
    }

    void IReflectorSink<T>.Replace(Dictionary<ObjectKey, T> objects)
    {
        List<TaskCompletionSource> done;
        lock (_publishing)
        {
            var old = Store.Replace(objects);
            var (initial, told) = (!HasSynced, new List<InformerEvent<T>>());
            foreach (var (key, value) in old)
                if (!objects.ContainsKey(key)) told.Add(new(InformerEventType.Deleted, key, value, null, false, true));
            foreach (var (key, value) in objects)
            {
                var before = old.GetValueOrDefault(key);
                var id = Type.Identify(value);
                if (before is null || Type.Identify(before) is var was && (was.ResourceVersion != id.ResourceVersion || was.Uid != id.Uid))
                    told.AddRange(Told(id, before, value, initial));
            }
            Post(told);
            _synced.TrySetResult();
        }
        lock (_waiting)
        {
            done = _inList;
            _inList = [];
        }
        foreach (var waiter in done) waiter.TrySetResult();
    }

    private IEnumerable<InformerEvent<T>> Told(ObjectIdentity id, T? before, T value, bool initial)
    {
        if (before is not null && Type.Identify(before).Uid == id.Uid)
        {
            yield return new(InformerEventType.Updated, id.Key, value, before, false, false);
            yield break;
        }
        if (before is not null) yield return new(InformerEventType.Deleted, id.Key, before, null, false, true);
        yield return new(InformerEventType.Added, id.Key, value, null, initial, false);
    }

    private void Post(IReadOnlyList<InformerEvent<T>> changes)
    {
        if (changes.Count == 0) return;
        foreach (var handler in _handlers) handler.Post(changes);
    }
}
