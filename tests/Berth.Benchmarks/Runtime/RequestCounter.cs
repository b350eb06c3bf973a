using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Runtime;

/// <summary>Counts requests to an API server by verb, from the runtime's own metrics.</summary>
internal sealed class RequestCounter : IDisposable
{
    private readonly MeterListener _meters = new();
    private readonly ConcurrentDictionary<string, long> _byVerb = new();

    public RequestCounter()
    {
        _meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == KubernetesMetrics.Name && instrument.Name == "rest_client_requests_total") listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag.Key == "method") _byVerb.AddOrUpdate((string)tag.Value!, value, (_, sum) => sum + value);
        });
        _meters.Start();
    }

    public long Of(string verb) => _byVerb.GetValueOrDefault(verb);

    public void Dispose() => _meters.Dispose();
}
