using System.Globalization;
using System.Text.RegularExpressions;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Exposition;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

[Collection("meters")]
public partial class MetricsPageTests
{
    [Fact]
    public async Task Every_metric_of_the_catalogue_is_there_before_anything_happened()
    {
        await using var process = await OperatorProcess.StartAsync();
        var page = process.Telemetry.Scrape(openMetrics: false)!;
        // What needs a pool, a certificate or a database to have a value at all.
        var later = new[] { MetricCatalog.Slots, MetricCatalog.PoolPods, MetricCatalog.PoolPodsDesired, MetricCatalog.PoolWaiting, MetricCatalog.PoolReady, MetricCatalog.PoolCannotGrow, MetricCatalog.CertificateExpiry, MetricCatalog.StorageUsed, MetricCatalog.TableSize };
        foreach (var metric in MetricCatalog.All.Except(later)) Assert.Contains($"\n# HELP {MetricsPage.PrintedName(metric)} {metric.Help}\n", "\n" + page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_of_closed_sets_begin_with_zero()
    {
        await using var process = await OperatorProcess.StartAsync();
        var page = process.Telemetry.Scrape(openMetrics: false)!;
        foreach (var line in new[]
        {
            "berth_task_transitions_total{from=\"Pending\",signal=\"PlanOrdered\",to=\"Planning\"} 0",
            "berth_reservations_lost_total{recovery=\"re-reserve\"} 0",
            "berth_attempts_total{kind=\"Apply\",outcome=\"Lost\"} 0",
            "berth_dead_letters_total{cause=\"ResetsExhausted\"} 0",
            "berth_loop_faults_total{loop=\"dispatcher\"} 0",
            "berth_missed_wakeups_total 0",
            "berth_tasks{phase=\"DeadLettered\"} 0",
            "berth_task_wait_duration_seconds_count{reason=\"AwaitingApproval\",stage=\"ApplyPending\"} 0",
            "berth_reservation_restore_duration_seconds_bucket{le=\"30\"} 0",
            "berth_leader 0",
        }) Assert.Contains("\n" + line + "\n", page, StringComparison.Ordinal);
        var transitions = page.Split('\n').Count(l => l.StartsWith("berth_task_transitions_total{", StringComparison.Ordinal));
        Assert.Equal(TaskTransitions.Rows.Count, transitions);
    }

    [Fact]
    public async Task A_move_is_counted_where_it_belongs()
    {
        await using var process = await OperatorProcess.StartAsync();
        var metrics = process.Get<OperatorMetrics>();
        metrics.TaskMoved(new AppliedTransition(TaskTransitions.Find(TaskPhase.ApplyPending, TaskSignal.ReservationLost)!, Reasons.SlotLost, "gone", null), TimeSpan.FromSeconds(5));
        metrics.TaskMoved(new AppliedTransition(TaskTransitions.Find(TaskPhase.ApplyPending, TaskSignal.ReservationReset)!, Reasons.PlanLost, "gone", null), TimeSpan.FromSeconds(5));
        var page = process.Telemetry.Scrape(openMetrics: false)!;
        foreach (var line in new[]
        {
            "berth_reservations_lost_total{recovery=\"re-reserve\"} 1",
            "berth_reservations_lost_total{recovery=\"reset\"} 1",
            "berth_task_resets_total{cause=\"ReservationReset\"} 1",
            "berth_task_phase_duration_seconds_count{phase=\"ApplyPending\"} 1",
            "berth_task_phase_duration_seconds_sum{phase=\"ApplyPending\"} 5",
            "berth_task_phase_duration_seconds_bucket{phase=\"ApplyPending\",le=\"2.5\"} 0",
            "berth_task_phase_duration_seconds_bucket{phase=\"ApplyPending\",le=\"5\"} 1",
            "berth_task_phase_duration_seconds_bucket{phase=\"ApplyPending\",le=\"+Inf\"} 1",
        }) Assert.Contains("\n" + line + "\n", page, StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_page_is_well_formed(bool openMetrics)
    {
        await using var process = await OperatorProcess.StartAsync();
        var lines = process.Telemetry.Scrape(openMetrics)!.TrimEnd('\n').Split('\n');
        Assert.Equal(openMetrics, lines[^1] == "# EOF");
        Assert.All(lines.Where(l => l.Length > 0 && l[0] != '#'), line => Assert.Matches(SampleLine(), line));
        var series = lines.Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.LastIndexOf(' ')]).ToList();
        Assert.Equal(series.Count, series.Distinct(StringComparer.Ordinal).Count());
        var types = lines.Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]).ToList();
        Assert.Equal(types.Count, types.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains($"# UNIT berth_task_phase_duration_seconds seconds", lines);
        Assert.Contains($"# TYPE berth_dead_letters{(openMetrics ? "" : "_total")} counter", lines);
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_complain_about()
    {
        Assert.SkipUnless(Promtool.Exists, "promtool is missing: install Debian's package prometheus");
        await using var process = await OperatorProcess.StartAsync();
        var page = process.Telemetry.Scrape(openMetrics: false)!;
        var ours = string.Join('\n', page.Split('\n').Where(l => l.StartsWith("berth_", StringComparison.Ordinal) || l.Contains(" berth_", StringComparison.Ordinal))) + "\n";
        var (code, output) = await Promtool.RunAsync(["check", "metrics"], ours);
        Assert.True(code == 0, output);
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", "Histogram", "http_server_request_duration_seconds")]
    [InlineData("rest_client_requests_total", "{request}", "Counter", "rest_client_requests")]
    [InlineData("rest_client_request_duration_seconds", "s", "Histogram", "rest_client_request_duration_seconds")]
    [InlineData("dotnet.process.memory.working_set", "By", "Gauge", "dotnet_process_memory_working_set_bytes")]
    public void Names_follow_the_rules_of_Prometheus(string instrument, string unit, string kind, string wanted) =>
        Assert.Equal(wanted, PrometheusNames.Family(instrument, unit, Enum.Parse<FamilyKind>(kind)));

    [Fact]
    public void Labels_are_escaped_and_sorted() =>
        Assert.Equal("a=\"1.5\",b_c=\"x\\\"y\\\\\\n\"", PrometheusNames.Labels([new("b.c", "x\"y\\\n"), new("a", 1.5.ToString(CultureInfo.InvariantCulture))]));

    [GeneratedRegex("""^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (NaN|[+-]?Inf|-?[0-9.]+(E[+-]?[0-9]+)?)$""")]
    private static partial Regex SampleLine();
}
