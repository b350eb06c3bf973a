using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>Keeps a sink in step with the server: list (streamed, or in pages), then watch from there, for ever. Never goes back in time: every
/// list is a consistent read.</summary>
internal sealed partial class Reflector<T>(KubernetesClient client, ResourceType<T> type, InformerOptions options, IReflectorSink<T> sink, string name) where T : class
{
    private static readonly TimeSpan s_tooShort = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_quietBetweenLists = TimeSpan.FromSeconds(30);

    private readonly ILogger _log = client.Logging.CreateLogger("Berth.Kubernetes.Informer");
    private readonly TimeProvider _time = client.Time;
    private readonly Backoff _backoff = new(options.MinBackoff, options.MaxBackoff, TimeSpan.FromMinutes(2), client.Time);
    private readonly Lock _lock = new();
    private CancellationTokenSource? _interrupt;
    private bool _streaming = options.StreamingList;
    private string? _version;
    private long? _listedAt;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var round = CancellationTokenSource.CreateLinkedTokenSource(stop);
            lock (_lock) _interrupt = round;
            try
            {
                if (_version is null || sink.WantsList) await ListAsync(round.Token);
                else await WatchAsync(round.Token);
            }
            catch (OperationCanceledException) when (round.IsCancellationRequested)
            {
                // Stopped, or a fresh list is wanted.
            }
            catch (Exception error)
            {
                await RecoverAsync(error, stop);
            }
            finally
            {
                lock (_lock) _interrupt = null;
            }
        }
    }

    /// <summary>Ends the present watch, so that the wish for a list is seen.</summary>
    public void Interrupt()
    {
        lock (_lock) _interrupt?.Cancel();
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        sink.ListBegins();
        KubernetesMetrics.Listed(name);
        if (_streaming)
        {
            try
            {
                await StreamListAsync(cancellationToken);
                return;
            }
            catch (KubernetesException error) when (error.Status.Code is >= 400 and < 500 && !error.IsGone && !error.IsTooManyRequests)
            {
                // 400, 405, 422: the server does not know streaming lists and need not be asked again.
                if (error.Status.Code is 400 or 405 or 422) _streaming = false;
                LogNoStreaming(name, error.Message);
            }
        }
        await PagedListAsync(cancellationToken);
    }

    private async Task PagedListAsync(CancellationToken cancellationToken)
    {
        var list = await client.ListAllAsync(type, options.Namespace,
            new() { LabelSelector = options.LabelSelector, FieldSelector = options.FieldSelector, Limit = options.PageSize }, cancellationToken);
        var objects = new Dictionary<ObjectKey, T>(list.Items.Count);
        foreach (var item in list.Items) objects[type.KeyOf(item)] = sink.Keep(item);
        Complete(objects, list.ResourceVersion);
    }

    private async Task StreamListAsync(CancellationToken cancellationToken)
    {
        Dictionary<ObjectKey, T>? initial = [];
        try
        {
            await foreach (var change in Open(null, cancellationToken))
            {
                if (initial is null) Follow(change);
                else if (change.InitialEventsEnd)
                {
                    Complete(initial, change.ResourceVersion);
                    initial = null;
                }
                else if (change.Object is { } value)
                {
                    var key = type.KeyOf(value);
                    if (change.Type == WatchEventType.Deleted) initial.Remove(key);
                    else initial[key] = sink.Keep(value);
                }
            }
        }
        catch (KubernetesException error) when (initial is not null && error.InnerException is OperationCanceledException)
        {
            // The initial events dried up: a server, or something before it, that does not really speak streaming lists.
            _streaming = false;
            throw;
        }
        if (initial is not null) throw new KubernetesException("The stream ended before the initial events did.");
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var opened = _time.GetTimestamp();
        var events = 0;
        KubernetesMetrics.Watched(name);
        await foreach (var change in Open(_version, cancellationToken))
        {
            events++;
            Follow(change);
        }
        if (events == 0 && _time.GetElapsedTime(opened) < s_tooShort)
            throw new KubernetesException("The watch ended at once, without an event.");
    }

    private IAsyncEnumerable<WatchEvent<T>> Open(string? version, CancellationToken cancellationToken) => client.WatchAsync(type, options.Namespace, new()
    {
        LabelSelector = options.LabelSelector,
        FieldSelector = options.FieldSelector,
        ResourceVersion = version,
        SendInitialEvents = version is null,
        Timeout = options.MinWatchTimeout * (1 + Random.Shared.NextDouble()),
        IdleTimeout = options.IdleTimeout,
    }, cancellationToken);

    private void Follow(WatchEvent<T> change)
    {
        sink.Heard();
        if (change.Object is { } value) sink.Apply(change with { Object = sink.Keep(value) });
        if (!string.IsNullOrEmpty(change.ResourceVersion)) _version = change.ResourceVersion;
    }

    private void Complete(Dictionary<ObjectKey, T> objects, string? version)
    {
        sink.Heard();
        sink.Replace(objects);
        _version = version;
        _listedAt = _time.GetTimestamp();
        LogListed(name, objects.Count, version);
    }

    private async Task RecoverAsync(Exception error, CancellationToken stop)
    {
        var gone = error is KubernetesException { IsGone: true };
        if (gone) _version = null;
        // The first gap is closed at once; a server that has a gap every few seconds is not to be hammered with lists.
        if (gone && _listedAt is { } listed && _time.GetElapsedTime(listed) > s_quietBetweenLists)
        {
            LogGap(name, error.Message);
            return;
        }
        var pause = error is KubernetesException { RetryAfter: { } wait } ? wait : _backoff.Next();
        LogFailure(name, error.Message, pause);
        await Task.Delay(pause, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Informer}: listed {Count} objects at {Version}")]
    private partial void LogListed(string informer, int count, string? version);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Informer}: no streaming list here, reading pages: {Error}")]
    private partial void LogNoStreaming(string informer, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Informer}: a gap, listing again: {Error}")]
    private partial void LogGap(string informer, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Informer}: {Error}; going on in {Pause}")]
    private partial void LogFailure(string informer, string error, TimeSpan pause);
}
