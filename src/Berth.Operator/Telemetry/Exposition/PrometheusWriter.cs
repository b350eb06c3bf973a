using System.Text;

namespace Berth.Operator.Telemetry.Exposition;

/// <summary>Prints families: Prometheus text 0.0.4, or OpenMetrics 1.0.</summary>
internal static class PrometheusWriter
{
    /// <summary>Content type of the text format.</summary>
    public const string PlainContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Content type of OpenMetrics.</summary>
    public const string OpenMetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>The whole page.</summary>
    public static string Write(IEnumerable<MetricFamily> families, bool openMetrics)
    {
        var text = new StringBuilder(64 * 1024);
        foreach (var family in families.OrderBy(f => f.Name, StringComparer.Ordinal)) Write(text, family, openMetrics);
        if (openMetrics) text.Append("# EOF\n");
        return text.ToString();
    }

    private static void Write(StringBuilder text, MetricFamily family, bool openMetrics)
    {
        // Before OpenMetrics a counter's family carried the suffix of its samples.
        var shown = family.Kind == FamilyKind.Counter && !openMetrics ? family.Name + "_total" : family.Name;
        text.Append("# HELP ").Append(shown).Append(' ').Append(PrometheusNames.Escape(family.Help, quotes: false)).Append('\n');
        text.Append("# TYPE ").Append(shown).Append(' ').Append(family.Kind switch { FamilyKind.Counter => "counter", FamilyKind.Histogram => "histogram", _ => "gauge" }).Append('\n');
        if (PrometheusNames.Unit(family.Unit) is { Length: > 0 } unit) text.Append("# UNIT ").Append(shown).Append(' ').Append(unit).Append('\n');
        foreach (var sample in family.Samples)
        {
            text.Append(family.Name).Append(sample.Suffix);
            if (sample.Labels.Length > 0) text.Append('{').Append(sample.Labels).Append('}');
            text.Append(' ').Append(PrometheusNames.Number(sample.Value)).Append('\n');
        }
    }
}
