using Berth.Operator.Telemetry;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

public class MetricsPageDocumentTests
{
    [Fact]
    public void The_page_of_metrics_is_written_from_the_catalogue() => Repository.Holds("docs/metrics.md", MetricsPage.Write());

    [Fact]
    public void Names_and_help_are_unique_and_no_label_names_a_task()
    {
        Assert.Equal(MetricCatalog.All.Count, MetricCatalog.All.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(MetricCatalog.All, m =>
        {
            Assert.StartsWith("berth_", m.Name, StringComparison.Ordinal);
            Assert.EndsWith(".", m.Help, StringComparison.Ordinal);
            Assert.DoesNotContain(m.Labels, l => l is "task" or "uid" or "name" or "workspace" or "attempt" or "pod");
            Assert.Contains(m.Unit, new[] { "s", "By", "1" }.Append(m.Unit.StartsWith('{') ? m.Unit : "?"));
        });
    }

    [Fact]
    public void The_catalogue_lists_every_definition()
    {
        var fields = typeof(MetricCatalog).GetFields().Where(f => f.FieldType == typeof(MetricDefinition)).Select(f => (MetricDefinition)f.GetValue(null)!).ToHashSet();
        Assert.True(fields.SetEquals(MetricCatalog.All));
    }
}
