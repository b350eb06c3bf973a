using Berth.History;
using Berth.Operator.Cluster;

namespace Berth.Operator.Pools;

/// <summary>What namespaces with a limit on storage keep in the history. The database is asked now and then; while it is not known, nothing is held back.</summary>
internal sealed class NamespaceStorage(ClusterCache cache, HistoryStore history, ILogger<NamespaceStorage> log) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _wake = new(0);
    private volatile IReadOnlyDictionary<string, long> _used = new Dictionary<string, long>();

    /// <summary>Raised with a namespace that came to its limit, or below it again.</summary>
    public event Action<string>? Changed;

    /// <summary>Bytes; null while they are not known.</summary>
    public long? Used(string ns) => _used.TryGetValue(ns, out var bytes) ? bytes : null;

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await LookAsync(cancellationToken);
            await _wake.WaitAsync(Every, cancellationToken);
        }
    }

    /// <summary>Has it looked at at once: a namespace says something else.</summary>
    public void LookAgain()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    /// <inheritdoc />
    public void Dispose() => _wake.Dispose();

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var limits = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var ns in cache.Namespaces.Store.List())
            if (WorkHolds.StorageLimitOf(ns) is { } limit) limits[ns.Metadata.Name!] = limit;
        var before = _used;
        if (limits.Count == 0)
        {
            _used = new Dictionary<string, long>();
            return;
        }
        try
        {
            _used = await history.GetStorageOfAsync(limits.Keys, cancellationToken);
        }
        catch (HistoryUnavailableException e)
        {
            log.LogDebug("What namespaces keep cannot be read now: {Message}", e.Message);
            return;
        }
        foreach (var (ns, limit) in limits)
            if ((before.GetValueOrDefault(ns) >= limit) != (_used.GetValueOrDefault(ns) >= limit)) Changed?.Invoke(ns);
    }
}
