using System.Diagnostics;
using System.Globalization;
using Berth.Api;
using Berth.Benchmarks.Burst;
using Berth.Benchmarks.Machinery;
using Berth.Kubernetes;
using Berth.Testing.Fleet;
using Npgsql;

namespace Berth.Benchmarks.Scale;

/// <summary>
/// The same operator with more and more task objects, nine of ten finished and one of ten waiting for an approval: warm start, memory,
/// what a reconcile and a sweep cost. <c>--sizes=1000,10000,100000</c>; <c>--sweep</c> watches one sweep of each size (a minute each).
/// </summary>
internal sealed class ScaleBenchmark(BenchCluster cluster, string ns, Gates gates)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private const int Probes = 40;
    private readonly List<ScalePoint> _points = [];

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        var sizes = (options.Text("--sizes") ?? (options.IsGates ? "500,5000" : options.IsQuick ? "1000,10000" : "1000,10000,100000")).Split(',').Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToList();
        await using var cluster = await BenchCluster.StartAsync();
        if (cluster.IsReal) throw new InvalidOperationException("scale fills the dev cluster's store directly; run it without BERTH_TEST_KUBECONFIG");
        var gates = new Gates("scale");
        var benchmark = new ScaleBenchmark(cluster, await cluster.NamespaceAsync(), gates);
        await benchmark.MakeModelsAsync();
        foreach (var size in sizes) await benchmark.MeasureAsync(size, options.Has("--sweep"));
        benchmark.Compare();
        return gates.Report();
    }

    /// <summary>One real task of each kind, from a real operator; the others are copies of them.</summary>
    private async Task MakeModelsAsync()
    {
        await cluster.StartOperatorAsync();
        await cluster.CreatePoolAsync(ns, 1, 3);
        await using (await SimulatedFleet.StartAsync(cluster.Client, ns, 1, 3, TimeSpan.Zero))
        {
            await cluster.Client.CreateAsync(Kinds.AnyTask, BurstTasks.Task(ns, "finished", auto: true), ns);
            await cluster.Client.CreateAsync(Kinds.AnyTask, BurstTasks.Task(ns, "waiting", auto: false), ns);
            await UntilAsync("finished", t => t.Status.Phase == TaskPhase.Succeeded && t.Metadata.Finalizers is not { Count: > 0 });
            await UntilAsync("waiting", t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: true });
            // Its slot is given up, so that a hundred thousand copies do not all claim the same one.
            await cluster.Client.PatchAsync(Kinds.AnyTask, new ObjectKey(ns, "waiting"), Patch.Merge(new() { ["spec"] = new System.Text.Json.Nodes.JsonObject { ["desiredState"] = "Suspended" } }));
            await UntilAsync("waiting", t => t.Status.Slot is null);
        }
        await cluster.StopOperatorAsync();
        ObjectCost.Measure(gates, await cluster.Client.GetAsync(Kinds.Tasks, new ObjectKey(ns, "finished")), await cluster.Client.GetAsync(Kinds.Tasks, new ObjectKey(ns, "waiting")));
    }

    private async Task MeasureAsync(int size, bool sweep)
    {
        var before = _points.Count == 0 ? 0 : _points[^1].Tasks;
        await CopyAsync("finished", "done", "d0000000-0000-4000-8000-", before * 9 / 10, size * 9 / 10);
        await CopyAsync("waiting", "waits", "a0000000-0000-4000-8000-", before / 10, size / 10);
        var began = Stopwatch.GetTimestamp();
        await cluster.StartOperatorAsync();
        var warm = Stopwatch.GetElapsedTime(began);
        await Wait.UntilAsync(() => cluster.IsReadyAsync(leading: true), Patience, "the operator leads", 5);
        await UntilQuietAsync();
        var quiet = Stopwatch.GetElapsedTime(began);
        var pid = cluster.Operator!.Pid;
        var (cpu, metrics) = (ProcessMeter.CpuSeconds(pid), await cluster.OperatorMetricsAsync());
        await using var fleet = await SimulatedFleet.StartAsync(cluster.Client, ns, 1, 3, TimeSpan.Zero, o => _ordered[o.Task] = Stopwatch.GetTimestamp());
        var probes = new List<double>();
        for (var i = 0; i < Probes; i++) probes.Add(await ProbeAsync(string.Create(CultureInfo.InvariantCulture, $"probe-{size}-{i}")));
        var swept = sweep ? await SweepAsync(pid) : double.NaN;
        _points.Add(new ScalePoint(size, warm.TotalSeconds, quiet.TotalSeconds, cpu, ProcessMeter.RssMiB(pid), ProcessMeter.PeakRssMiB(pid), new Percentiles(probes.Skip(Probes / 4)).P50, probes.Min(), metrics.Sum("rest_client_requests_total", ("method", "PATCH")), metrics.Sum("controller_runtime_reconcile_total", ("controller", "task")), swept));
        await cluster.StopOperatorAsync();
    }

    /// <summary>Copies of a task, of which the database says that it has everything, as it would of tasks that ran here.</summary>
    private async Task CopyAsync(string model, string prefix, string uids, int from, int to)
    {
        await cluster.Server!.CloneTasksAsync(ns, model, prefix, uids, from, to);
        await using var connection = new NpgsqlConnection(cluster.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("insert into berth.purged_tasks (uid, acknowledged, purged_at, swept) select $1 || lpad(i::text, 12, '0'), 1000, now(), true from generate_series($2, $3) i", connection)
        {
            Parameters = { new() { Value = uids }, new() { Value = from }, new() { Value = to - 1 } },
        };
        await command.ExecuteNonQueryAsync();
    }

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _ordered = new(StringComparer.Ordinal);

    /// <summary>From the creation of a task until its order is at the agent: several reconciles, a placement, three writes.</summary>
    private async Task<double> ProbeAsync(string name)
    {
        var began = Stopwatch.GetTimestamp();
        await cluster.Client.CreateAsync(Kinds.AnyTask, BurstTasks.Task(ns, name, auto: true), ns);
        await Wait.UntilAsync(() => _ordered.ContainsKey(name), Patience, $"{name} is ordered", 1);
        var took = Stopwatch.GetElapsedTime(began, _ordered[name]).TotalMilliseconds;
        await UntilAsync(name, t => t.Status.Phase == TaskPhase.Succeeded);
        return took;
    }

    /// <summary>Processor time of a minute in which one sweep falls and nothing else happens.</summary>
    private static async Task<double> SweepAsync(int pid)
    {
        var before = ProcessMeter.CpuSeconds(pid);
        await Task.Delay(TimeSpan.FromSeconds(60));
        return ProcessMeter.CpuSeconds(pid) - before;
    }

    private async Task UntilQuietAsync()
    {
        double last = -1;
        await Wait.UntilAsync(async () =>
        {
            var now = await cluster.OperatorMetricsAsync();
            var (depth, done) = (now.Sum("workqueue_depth"), now.Sum("controller_runtime_reconcile_total"));
            var quiet = depth == 0 && done == last;
            last = done;
            return quiet;
        }, Patience, "the first pass is over", 250);
    }

    private async Task UntilAsync(string task, Func<TaskResource, bool> condition) =>
        await Wait.UntilAsync(async () => condition(await cluster.Client.GetAsync(Kinds.Tasks, new ObjectKey(ns, task))), Patience, $"{task} is as expected", 20);

    private void Compare()
    {
        foreach (var point in _points)
        {
            var name = point.Tasks.ToString("N0", CultureInfo.InvariantCulture).Replace(',', ' ');
            gates.Note($"{name} tasks: started → caches warm", point.Warm, "s");
            gates.Note($"{name} tasks: started → leads and first pass over", point.Quiet, "s");
            gates.Note($"{name} tasks: processor time of that", point.Cpu, "s");
            gates.Note($"{name} tasks: resident", point.Rss, "MiB");
            gates.Note($"{name} tasks: created → ordered, p50", point.Probe, "ms");
            if (!double.IsNaN(point.Sweep)) gates.Note($"{name} tasks: processor time of an idle minute with its sweep", point.Sweep, "s");
            gates.AtMost($"{name} tasks: reconciles of the first pass, for each task", point.Passes / point.Tasks, 1.5);
            gates.AtMost($"{name} tasks: writes of a pass that changes nothing", point.Patches, 5);
        }
        var (small, large) = (_points[0], _points[^1]);
        // Of the fastest: what others do on the machine makes some slower, and what costs by the number of tasks makes all so.
        gates.Times("created → ordered, fastest, most tasks beside fewest", large.Fastest, "ms", $"{small.Tasks} tasks", small.Fastest, 3);
        gates.Note("memory for one more task", (large.Rss - small.Rss) * 1048576 / (large.Tasks - small.Tasks), "B");
        if (large.Tasks < 100_000) return;
        gates.Goal("100 000 tasks: caches warm", large.Warm, 30, "s");
        gates.Goal("100 000 tasks: resident", large.Rss, 400, "MiB");
    }

    private sealed record ScalePoint(int Tasks, double Warm, double Quiet, double Cpu, double Rss, double Peak, double Probe, double Fastest, double Patches, double Passes, double Sweep);
}
