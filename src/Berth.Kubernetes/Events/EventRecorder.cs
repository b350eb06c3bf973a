using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Kubernetes;

/// <summary>Writes events (events.k8s.io/v1) about objects. Reporting one never blocks and never throws; events that are alike are merged, floods are
/// held back, and what does not fit is dropped and counted.</summary>
public sealed partial class EventRecorder
{
    private readonly KubernetesClient _client;
    private readonly EventRecorderOptions _options;
    private readonly EventCorrelator _correlator;
    private readonly Channel<ReportedEvent> _queue;
    private readonly ILogger _log;

    /// <summary>A recorder; nothing is written before <see cref="RunAsync"/>.</summary>
    public EventRecorder(KubernetesClient client, EventRecorderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_client, _options, _correlator) = (client, options, new(options));
        _log = options.Logging?.CreateLogger<EventRecorder>() ?? (ILogger)NullLogger.Instance;
        _queue = Channel.CreateBounded<ReportedEvent>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    }

    /// <summary>Reports that all is as it should be.</summary>
    /// <param name="regarding">The object, from <see cref="ResourceType{T}.ReferenceTo"/>.</param>
    /// <param name="reason">Reason in CamelCase, one of a closed set.</param>
    /// <param name="action">What was done, in CamelCase.</param>
    /// <param name="note">Text for people.</param>
    /// <param name="related">A second object.</param>
    public void Normal(ObjectReference regarding, string reason, string action, string note, ObjectReference? related = null) =>
        Report("Normal", regarding, reason, action, note, related);

    /// <summary>Reports that something needs attention.</summary>
    /// <param name="regarding">The object, from <see cref="ResourceType{T}.ReferenceTo"/>.</param>
    /// <param name="reason">Reason in CamelCase, one of a closed set.</param>
    /// <param name="action">What was done, in CamelCase.</param>
    /// <param name="note">Text for people.</param>
    /// <param name="related">A second object.</param>
    public void Warning(ObjectReference regarding, string reason, string action, string note, ObjectReference? related = null) =>
        Report("Warning", regarding, reason, action, note, related);

    /// <summary>Writes reported events until <see cref="Complete"/> was called and all are written, or until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var reported in _queue.Reader.ReadAllAsync(cancellationToken)) await WriteAsync(reported, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What still waits is lost, as events may be.
        }
    }

    /// <summary>Takes no more events; <see cref="RunAsync"/> ends when those that wait are written.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private void Report(string type, ObjectReference regarding, string reason, string action, string note, ObjectReference? related)
    {
        if (!_queue.Writer.TryWrite(new(regarding, related, type, reason, action, note, _options.Time.GetUtcNow()))) KubernetesMetrics.EventDropped("queue");
    }

    private async Task WriteAsync(ReportedEvent reported, CancellationToken cancellationToken)
    {
        if (_correlator.Correlate(reported) is not { } write)
        {
            KubernetesMetrics.EventDropped("flood");
            return;
        }
        try
        {
            if (write.IsSeries && await TryPatchAsync(write.Event, cancellationToken)) return;
            await _client.CreateAsync(Resources.Events, write.Event, cancellationToken: cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _correlator.Forget(write.Event);
            KubernetesMetrics.EventDropped("refused");
            LogDropped(write.Event.Reason, reported.Regarding.Name, error.Message);
        }
    }

    // Nothing but the series of an event may change. The server keeps events for an hour only: one that is gone is created again.
    private async Task<bool> TryPatchAsync(Event series, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["series"] = JsonSerializer.SerializeToNode(series.Series!, KubernetesJson.Default.EventSeries) };
        try
        {
            await _client.PatchAsync(Resources.Events, new(series.Metadata.Namespace, series.Metadata.Name!), Patch.Merge(body), cancellationToken: cancellationToken);
            return true;
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "event {Reason} about {Object} was not written: {Error}")]
    private partial void LogDropped(string? reason, string? @object, string error);
}
