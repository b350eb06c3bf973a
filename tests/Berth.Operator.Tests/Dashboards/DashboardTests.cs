using System.Text.RegularExpressions;
using Berth.Operator.Telemetry;
using Berth.Operator.Tests.Telemetry;
using Xunit;

namespace Berth.Operator.Tests.Dashboards;

public partial class DashboardTests
{
    public static TheoryData<string> Files() => [.. DashboardCatalog.All.Select(d => d.File)];

    [Theory, MemberData(nameof(Files))]
    public void The_file_is_written_from_the_catalogue(string file)
    {
        var dashboard = DashboardCatalog.All.Single(d => d.File == file);
        Repository.Holds(GrafanaJson.Path(dashboard), GrafanaJson.Write(dashboard));
    }

    [Fact]
    public void Every_metric_of_ours_that_is_shown_or_alerted_on_exists()
    {
        var known = MetricCatalog.All.Select(MetricsPage.PrintedName).SelectMany(n => new[] { n, n + "_bucket", n + "_sum", n + "_count" }).ToHashSet(StringComparer.Ordinal);
        var used = Expressions().Concat(Alerts.AlertCatalog.All.Select(a => a.Expression)).SelectMany(e => OurMetric().Matches(e)).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void Every_metric_of_ours_is_shown_somewhere()
    {
        var text = string.Join('\n', Expressions());
        Assert.DoesNotContain(MetricCatalog.All.Select(m => m.Name), n => !text.Contains(n, StringComparison.Ordinal));
    }

    internal static IEnumerable<string> Expressions() => DashboardCatalog.All.SelectMany(d => d.Rows).SelectMany(r => r.Panels).SelectMany(p => p.Queries).Select(q => q.Expression);

    [GeneratedRegex("berth_[a-z_]+")]
    private static partial Regex OurMetric();
}
