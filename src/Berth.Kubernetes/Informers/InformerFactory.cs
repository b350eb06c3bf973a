namespace Berth.Kubernetes;

/// <summary>One informer per resource and scope, shared by all who ask, all run together.</summary>
public sealed class InformerFactory(KubernetesClient client, InformerOptions? defaults = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(ResourceType Type, string? Namespace, string? Labels, string? Fields), IInformer> _informers = [];
    private readonly List<Task> _running = [];
    private CancellationToken? _started;

    /// <summary>All informers so far.</summary>
    public IReadOnlyList<IInformer> Informers
    {
        get
        {
            lock (_lock) return [.. _informers.Values];
        }
    }

    /// <summary>The informer of a resource; made when nobody asked for it before. After <see cref="Start"/> it runs at once.</summary>
    public Informer<T> For<T>(ResourceType<T> type, InformerOptions? options = null) where T : class
    {
        options ??= defaults ?? new();
        lock (_lock)
        {
            var key = ((ResourceType)type, options.Namespace, options.LabelSelector, options.FieldSelector);
            if (_informers.TryGetValue(key, out var known)) return (Informer<T>)known;
            var informer = new Informer<T>(client, type, options);
            _informers.Add(key, informer);
            if (_started is { } stop) _running.Add(Run(informer, stop));
            return informer;
        }
    }

    /// <summary>Starts every informer; they run until cancelled.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_started is not null) throw new InvalidOperationException("The informers run already.");
            _started = cancellationToken;
            foreach (var informer in _informers.Values) _running.Add(Run(informer, cancellationToken));
        }
    }

    /// <summary>Completes when every cache has been filled once.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellationToken = default) =>
        Task.WhenAll(Informers.Select(informer => informer.WaitForSyncAsync(cancellationToken)));

    /// <summary>Completes when every cache has passed a list begun after this call.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken = default) =>
        Task.WhenAll(Informers.Select(informer => informer.RefreshAsync(cancellationToken)));

    /// <summary>Completes when all informers have stopped after their cancellation.</summary>
    public Task StoppedAsync()
    {
        lock (_lock) return Task.WhenAll(_running);
    }

    private static Task Run(IInformer informer, CancellationToken stop) => Task.Run(() => informer.RunAsync(stop), CancellationToken.None);
}
