using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Tests.Dashboards;
using Berth.Testing;
using Xunit;

namespace Berth.Operator.Tests.Live;

/// <summary>Dashboards against the truth: a busy dev cluster, scraped by a real Prometheus.</summary>
public sealed class LivePanelsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact, Trait("Suite", "Long")]
    public async Task No_panel_is_empty_while_the_cluster_is_busy()
    {
        Assert.SkipUnless(PrometheusServer.Exists, "prometheus is missing: install Debian's package prometheus");
        await using var stack = await BerthStack.StartAsync();
        await using var prometheus = await PrometheusServer.StartAsync(stack.Env("METRICS_URLS").Split(' ').Select(u => new Uri(u)));
        await using var space = await stack.SpaceAsync();
        using var enough = new CancellationTokenSource();
        var busy = BusyAsync(stack, space, enough.Token);
        var empty = DashboardCatalog.All.SelectMany(d => d.Rows.SelectMany(r => r.Panels).SelectMany(p => p.Queries.Select(q => (d.Title, Panel: p.Title, q.Expression)))).ToList();
        var all = empty.Count;
        for (var until = DateTimeOffset.UtcNow + Patience; empty.Count > 0 && DateTimeOffset.UtcNow < until && !busy.IsCompleted;)
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
            foreach (var panel in empty.ToList())
                if (await prometheus.ShowsAsync(Fill(panel.Expression))) empty.Remove(panel);
        }
        await enough.CancelAsync();
        await busy;
        output.WriteLine($"{all - empty.Count} of {all} queries showed something");
        Assert.False(await prometheus.ShowsAsync("berth_missed_wakeups_total > 0"), "the sweep had to wake a task");
        Assert.False(await prometheus.ShowsAsync("""{__name__=~"db_client_.+", db_client_connection_pool_name!=""}"""), "a connection string is in a label");
        Assert.False(await prometheus.ShowsAsync("berth_loop_faults_total > 0"), "a loop threw");
        Assert.True(empty.Count == 0, string.Join('\n', empty.Select(e => $"{e.Title}, {e.Panel}: {e.Expression}")));
    }

    /// <summary>Tasks from plan to apply, one of them losing its slot on the way, again and again.</summary>
    private static async Task BusyAsync(BerthStack stack, TestSpace space, CancellationToken enough)
    {
        for (var round = 0; !enough.IsCancellationRequested; round++)
        {
            var name = $"busy-{round}";
            await space.CreateAsync(name);
            var planned = await space.UntilReservedAsync(name);
            if (round % 3 == 0)
            {
                await stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, planned.Status.Slot!.Pod), cancellationToken: enough);
                await space.UntilReservedAsync(name, planned.Status.Slot.PodUid);
            }
            await space.DecideAsync(name);
            await space.UntilAsync(name, TaskPhase.Succeeded);
        }
    }

    internal static string Fill(string expression) => expression
        .Replace("$__rate_interval", "30s", StringComparison.Ordinal)
        .Replace("$namespace", ".*", StringComparison.Ordinal)
        .Replace("$pool", ".*", StringComparison.Ordinal);
}
