using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Berth.Kubernetes;

/// <summary>Every instrument of the library, under the names that client-go and controller-runtime use. Meter and activity source are both
/// called <c>Berth.Kubernetes</c>.</summary>
public static class KubernetesMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Berth.Kubernetes";

    internal static readonly ActivitySource Activities = new(Name);

    private static readonly Meter s_meter = new(Name);
    private static readonly ConcurrentDictionary<IMetricSource, byte> s_sources = new();

    private static readonly Counter<long> s_requests = s_meter.CreateCounter<long>("rest_client_requests_total", "{request}", "Requests to the API server by status code, method and host.");
    private static readonly Histogram<double> s_requestTime = s_meter.CreateHistogram<double>("rest_client_request_duration_seconds", "s", "Time to the answer's headers by verb.");
    private static readonly Counter<long> s_adds = s_meter.CreateCounter<long>("workqueue_adds_total", "{key}", "Keys added to the queue.");
    private static readonly Counter<long> s_retries = s_meter.CreateCounter<long>("workqueue_retries_total", "{key}", "Keys added again after a failure.");
    private static readonly Histogram<double> s_queueTime = s_meter.CreateHistogram<double>("workqueue_queue_duration_seconds", "s", "How long a key waits in the queue.");
    private static readonly Histogram<double> s_workTime = s_meter.CreateHistogram<double>("workqueue_work_duration_seconds", "s", "How long a key is worked on.");
    private static readonly Counter<long> s_reconciles = s_meter.CreateCounter<long>("controller_runtime_reconcile_total", "{reconcile}", "Reconciles by result: success, requeue_after, error, terminal_error.");
    private static readonly Counter<long> s_errors = s_meter.CreateCounter<long>("controller_runtime_reconcile_errors_total", "{reconcile}", "Reconciles that failed.");
    private static readonly Counter<long> s_terminal = s_meter.CreateCounter<long>("controller_runtime_terminal_reconcile_errors_total", "{reconcile}", "Reconciles that failed for good.");
    private static readonly Counter<long> s_panics = s_meter.CreateCounter<long>("controller_runtime_reconcile_panics_total", "{reconcile}", "Reconciles that threw what nobody expected.");
    private static readonly Counter<long> s_timeouts = s_meter.CreateCounter<long>("controller_runtime_reconcile_timeouts_total", "{reconcile}", "Reconciles that ran out of time.");
    private static readonly Histogram<double> s_reconcileTime = s_meter.CreateHistogram<double>("controller_runtime_reconcile_time_seconds", "s", "Duration of a reconcile.");
    private static readonly Counter<long> s_lists = s_meter.CreateCounter<long>("reflector_lists_total", "{list}", "Full lists an informer has read.");
    private static readonly Counter<long> s_watches = s_meter.CreateCounter<long>("reflector_watches_total", "{watch}", "Watches an informer has opened.");
    private static readonly Counter<long> s_handlerErrors = s_meter.CreateCounter<long>("informer_handler_errors_total", "{event}", "Events whose handler threw.");
    private static readonly Counter<long> s_dropped = s_meter.CreateCounter<long>("event_recorder_dropped_total", "{event}", "Events not written: queue full, too many alike, or refused.");

    static KubernetesMetrics()
    {
        Gauge("workqueue_depth", "{key}", "Keys waiting for a worker.");
        Gauge("workqueue_delayed", "{key}", "Keys waiting for their time.");
        Gauge("workqueue_unfinished_work_seconds", "s", "Sum of the times of all work in progress.");
        Gauge("workqueue_longest_running_processor_seconds", "s", "Time of the longest work in progress.");
        Gauge("controller_runtime_active_workers", "{worker}", "Workers that work.");
        Gauge("controller_runtime_max_concurrent_reconciles", "{worker}", "Workers there are.");
        Gauge("informer_objects", "{object}", "Objects in a cache.");
        Gauge("informer_age_seconds", "s", "Time since a cache last heard from the server.");
        Gauge("informer_synced", "1", "Whether a cache is complete.");
        Gauge("leader_election_master_status", "1", "Whether this process leads.");
    }

    internal static void Register(IMetricSource source) => s_sources.TryAdd(source, 0);

    internal static void Unregister(IMetricSource source) => s_sources.TryRemove(source, out _);

    internal static void Request(string verb, string code, string host, TimeSpan took)
    {
        s_requests.Add(1, new("code", code), new("method", verb), new("host", host));
        s_requestTime.Record(took.TotalSeconds, new("verb", verb), new("host", host));
    }

    internal static void Added(string queue) => s_adds.Add(1, Tag("name", queue));

    internal static void Retried(string queue) => s_retries.Add(1, Tag("name", queue));

    internal static void Waited(string queue, TimeSpan time) => s_queueTime.Record(time.TotalSeconds, Tag("name", queue));

    internal static void Worked(string queue, TimeSpan time) => s_workTime.Record(time.TotalSeconds, Tag("name", queue));

    internal static void Reconciled(string controller, string result, TimeSpan time)
    {
        s_reconciles.Add(1, Tag("controller", controller), Tag("result", result));
        s_reconcileTime.Record(time.TotalSeconds, Tag("controller", controller));
    }

    internal static void Failed(string controller) => s_errors.Add(1, Tag("controller", controller));

    internal static void FailedForGood(string controller) => s_terminal.Add(1, Tag("controller", controller));

    internal static void Panicked(string controller) => s_panics.Add(1, Tag("controller", controller));

    internal static void TimedOut(string controller) => s_timeouts.Add(1, Tag("controller", controller));

    internal static void Listed(string informer) => s_lists.Add(1, Tag("name", informer));

    internal static void Watched(string informer) => s_watches.Add(1, Tag("name", informer));

    internal static void HandlerFailed(string informer) => s_handlerErrors.Add(1, Tag("name", informer));

    internal static void EventDropped(string why) => s_dropped.Add(1, Tag("reason", why));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static void Gauge(string name, string unit, string description) => s_meter.CreateObservableGauge(name, () => Observe(name), unit, description);

    private static IEnumerable<Measurement<double>> Observe(string instrument)
    {
        foreach (var source in s_sources.Keys)
            if (source.Read(instrument) is { } value) yield return new(value, Tag(source.TagName, source.Name));
    }
}
