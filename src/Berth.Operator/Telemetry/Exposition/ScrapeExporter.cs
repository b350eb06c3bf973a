using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Berth.Operator.Telemetry.Exposition;

/// <summary>Collects when somebody asks, and keeps what was collected until the answer is printed.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class ScrapeExporter(IReadOnlyList<EmptyHistogram> expected) : BaseExporter<Metric>, IPullMetricExporter
{
    private const int TimeoutMilliseconds = 5000;
    private readonly Lock _lock = new();
    private Dictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public Func<int, bool>? Collect { get; set; }

    /// <summary>All metrics as of now, printed; null if they could not be collected in time.</summary>
    public string? Scrape(bool openMetrics)
    {
        lock (_lock)
        {
            _families = new Dictionary<string, MetricFamily>(StringComparer.Ordinal);
            if (Collect?.Invoke(TimeoutMilliseconds) != true) return null;
            foreach (var histogram in expected) AddMissing(histogram);
            return PrometheusWriter.Write(_families.Values, openMetrics);
        }
    }

    /// <inheritdoc />
    public override ExportResult Export(in Batch<Metric> batch)
    {
        foreach (var metric in batch) Add(metric);
        return ExportResult.Success;
    }

    private void Add(Metric metric)
    {
        var kind = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => FamilyKind.Counter,
            MetricType.Histogram => FamilyKind.Histogram,
            _ => FamilyKind.Gauge,
        };
        var family = Family(metric.Name, metric.Unit, metric.Description, kind);
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new List<KeyValuePair<string, object?>>();
            foreach (var tag in point.Tags) tags.Add(tag);
            var labels = PrometheusNames.Labels(tags);
            family.Series.Add(labels);
            if (kind == FamilyKind.Histogram) AddHistogram(family, labels, point);
            else family.Samples.Add(new MetricSample(kind == FamilyKind.Counter ? "_total" : "", labels, Value(metric.MetricType, point)));
        }
    }

    private static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        _ => double.NaN,
    };

    private static void AddHistogram(MetricFamily family, string labels, in MetricPoint point)
    {
        long cumulative = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            family.Samples.Add(new MetricSample("_bucket", WithBound(labels, bucket.ExplicitBound), cumulative));
        }
        family.Samples.Add(new MetricSample("_sum", labels, point.GetHistogramSum()));
        family.Samples.Add(new MetricSample("_count", labels, point.GetHistogramCount()));
    }

    /// <summary>A histogram that has seen nothing is not exported; Prometheus shall see its zeros all the same.</summary>
    private void AddMissing(EmptyHistogram histogram)
    {
        var family = Family(histogram.Name, histogram.Unit, histogram.Help, FamilyKind.Histogram);
        foreach (var tags in histogram.Series)
        {
            var labels = PrometheusNames.Labels(tags);
            if (!family.Series.Add(labels)) continue;
            foreach (var bound in histogram.Bounds.Append(double.PositiveInfinity)) family.Samples.Add(new MetricSample("_bucket", WithBound(labels, bound), 0));
            family.Samples.Add(new MetricSample("_sum", labels, 0));
            family.Samples.Add(new MetricSample("_count", labels, 0));
        }
    }

    private MetricFamily Family(string instrument, string unit, string help, FamilyKind kind)
    {
        var name = PrometheusNames.Family(instrument, unit, kind);
        if (!_families.TryGetValue(name, out var family)) _families[name] = family = new MetricFamily(name, kind, unit, help);
        return family;
    }

    private static string WithBound(string labels, double bound) => $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{PrometheusNames.Number(bound)}\"";
}

/// <summary>A histogram and the series it must show before its first value.</summary>
internal sealed record EmptyHistogram(string Name, string Unit, string Help, IReadOnlyList<double> Bounds, IReadOnlyList<KeyValuePair<string, object?>[]> Series);
