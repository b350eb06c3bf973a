namespace Berth.Operator.Telemetry.Exposition;

/// <summary>How a metric counts.</summary>
internal enum FamilyKind
{
    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Counts values by size.</summary>
    Histogram,
}

/// <summary>One value: a suffix of the family's name, labels ready for print, and the number.</summary>
internal readonly record struct MetricSample(string Suffix, string Labels, double Value);

/// <summary>One metric with all its series, as Prometheus sees it. <paramref name="Name"/> comes without <c>_total</c>.</summary>
internal sealed record MetricFamily(string Name, FamilyKind Kind, string Unit, string Help)
{
    /// <summary>Values, series after series.</summary>
    public List<MetricSample> Samples { get; } = [];

    /// <summary>Labels of the series that are there.</summary>
    public HashSet<string> Series { get; } = new(StringComparer.Ordinal);
}
