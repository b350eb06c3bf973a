using System.Net;
using Berth.Api;
using Berth.Operator.Telemetry.Exposition;
using Berth.Operator.Tests.Dashboards;
using Berth.Operator.Tests.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Berth.Operator.Tests.Live;

/// <summary>
/// Every panel's query run by a real Prometheus that scrapes this process: each is understood, and each over metrics that exist from the start
/// shows something. Whether none stays empty while a cluster is busy is the long test beside this one.
/// </summary>
[Collection("meters")]
public sealed class PanelQueriesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // What only other parts of a whole cluster show: pools, queues, caches, the database's driver, and times of what has not happened yet.
    private static readonly string[] NeedACluster = ["berth_pool", "workqueue_", "controller_runtime_", "rest_client_", "informer_", "db_client_", "histogram_quantile", "berth_history_storage_used", "berth_history_table_size", "berth_certificate_expiry", " > 0"];

    [Fact]
    public async Task Every_query_is_understood_and_those_over_our_own_metrics_show_something()
    {
        Assert.SkipUnless(PrometheusServer.Exists, "prometheus is missing: install Debian's package prometheus");
        await using var process = await OperatorProcess.StartAsync();
        await using var page = await ServeAsync(process);
        await using var prometheus = await PrometheusServer.StartAsync([new Uri(page.Urls.First())]);
        var queries = DashboardCatalog.All.SelectMany(d => d.Rows.SelectMany(r => r.Panels).SelectMany(p => p.Queries.Select(q => (d.Title, Panel: p.Title, Expression: LivePanelsTests.Fill(q.Expression))))).ToList();
        foreach (var query in queries) await prometheus.ShowsAsync(query.Expression);
        var empty = queries.Where(q => !NeedACluster.Any(n => q.Expression.Contains(n, StringComparison.Ordinal))).ToList();
        var all = empty.Count;
        for (var until = DateTimeOffset.UtcNow + Patience; empty.Count > 0 && DateTimeOffset.UtcNow < until;)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            foreach (var query in empty.ToList())
                if (await prometheus.ShowsAsync(query.Expression)) empty.Remove(query);
        }
        output.WriteLine($"{queries.Count} queries understood; {all - empty.Count} of {all} show something without a cluster");
        Assert.True(all > queries.Count / 3, $"only {all} of {queries.Count} queries were looked at");
        Assert.True(empty.Count == 0, string.Join('\n', empty.Select(e => $"{e.Title}, {e.Panel}: {e.Expression}")));
    }

    private static async Task<WebApplication> ServeAsync(OperatorProcess process)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var page = builder.Build();
        page.MapGet("/metrics", () => Results.Text(process.Telemetry.Scrape(openMetrics: false), PrometheusWriter.PlainContentType));
        await page.StartAsync(TestContext.Current.CancellationToken);
        return page;
    }
}
