using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Benchmarks.Machinery;
using Berth.Kubernetes;
using Berth.Testing;

namespace Berth.Benchmarks.Start;

/// <summary>
/// Create → command started: a task on a warm slot beside the same command as a Job through the same API server and pod runner, whose
/// containers start at once or after one second. Idle, and while other work comes at a steady rate. <c>--count=N --rate=N</c> (a second).
/// </summary>
internal sealed class StartBenchmark(BerthStack stack, TestSpace space, int count, int rate)
{
    private const string SlowNode = "slow-node-0";
    private const string SlowJob = "Job, 1 s of container start";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly StartLedger _ledger = new(space.Ledger);
    private int _number;

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        await using var stack = await BerthStack.StartAsync(replicas: 1);
        await using var space = await stack.SpaceAsync(new JsonObject { ["replicas"] = 2, ["slotsPerPod"] = 3, ["applySlotsPerPod"] = 3 });
        var benchmark = new StartBenchmark(stack, space, options.Number("--count", 200, 40, 20), options.Number("--rate", 5, 5));
        return options.IsGates ? await benchmark.HoldAsync() : await benchmark.RunAsync();
    }

    /// <summary>The one ratio that CI holds.</summary>
    private async Task<int> HoldAsync()
    {
        var gates = new Gates("start");
        for (var i = 0; i < 10; i++) await TaskAsync(wait: true);
        var idle = await SeriesAsync(() => TaskAsync(wait: true), count);
        await using var slow = await StartSlowNodeAsync();
        var slowJob = await SeriesAsync(() => JobAsync(SlowNode), 5);
        gates.Sooner("created → command started, p50", idle.P50, "ms", SlowJob, slowJob.P50, 5);
        return gates.Report();
    }

    private async Task<int> RunAsync()
    {
        var gates = new Gates("start");
        for (var i = 0; i < 20; i++) await TaskAsync(wait: true);
        var idle = await SeriesAsync(() => TaskAsync(wait: true), count);
        var loaded = await UnderLoadAsync(() => CreateTaskAsync("true"), () => TaskAsync(wait: true), count);
        var job = await SeriesAsync(() => JobAsync("dev-node-0"), Math.Max(10, count / 4));
        var loadedJob = await UnderLoadAsync(() => CreateJobAsync("dev-node-0", "true"), () => JobAsync("dev-node-0"), Math.Max(10, count / 4));
        await using var slow = await StartSlowNodeAsync();
        var slowJob = await SeriesAsync(() => JobAsync(SlowNode), Math.Max(5, count / 10));
        gates.Sooner("created → command started, idle, p50", idle.P50, "ms", SlowJob, slowJob.P50, 20);
        gates.Sooner("created → command started, idle, p50", idle.P50, "ms", "Job, no container start at all", job.P50, 1, gate: false);
        gates.Sooner("created → command started, idle, p99", idle.P99, "ms", SlowJob, slowJob.P99, 10, gate: false);
        gates.Sooner($"created → command started, {rate} others a second, p50", loaded.P50, "ms", "Job, no container start at all", loadedJob.P50, 1, gate: false);
        gates.Beside($"created → command started, {rate} others a second, p99", loaded.P99, "ms", "Job, no container start at all", loadedJob.P99);
        gates.Goal("p50 on an idle machine", idle.P50, 25, "ms");
        gates.Goal("p99 on an idle machine", idle.P99, 100, "ms");
        return gates.Report();
    }

    private static async Task<Percentiles> SeriesAsync(Func<Task<double>> one, int count)
    {
        var times = new List<double>(count);
        for (var i = 0; i < count; i++) times.Add(await one());
        return new Percentiles(times);
    }

    private async Task<Percentiles> UnderLoadAsync(Func<Task> other, Func<Task<double>> one, int count)
    {
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
            while (!stop.IsCancellationRequested && await timer.WaitForNextTickAsync()) await other();
        });
        var times = await SeriesAsync(one, count);
        await stop.CancelAsync();
        await load;
        return times;
    }

    private async Task<double> TaskAsync(bool wait)
    {
        var began = DateTimeOffset.UtcNow;
        var name = await CreateTaskAsync(null);
        var started = await _ledger.StartedAsync(name, Patience);
        if (wait) await space.UntilAsync(name, TaskPhase.Succeeded);
        return (started - began).TotalMilliseconds;
    }

    private async Task<double> JobAsync(string node)
    {
        var began = DateTimeOffset.UtcNow;
        var name = await CreateJobAsync(node, null);
        var started = await _ledger.StartedAsync(name, Patience);
        var key = new ObjectKey(space.Name, name);
        await Wait.UntilAsync(async () => (await stack.Client.GetAsync(Kinds.Jobs, key))["status"]?["succeeded"] is not null, Patience, $"Job {name} succeeded");
        await stack.Client.DeleteAsync(Kinds.Jobs, key, new DeleteOptions { Propagation = DeletionPropagation.Background });
        return (started - began).TotalMilliseconds;
    }

    private async Task<string> CreateTaskAsync(string? script)
    {
        var name = Name("task");
        await RunTask.CreateAsync(stack, space, name, Command(name, script));
        return name;
    }

    // Bound to its node from the start, which spares it the scheduler.
    private async Task<string> CreateJobAsync(string node, string? script)
    {
        var name = Name("job");
        await stack.Client.CreateAsync(Kinds.Jobs, new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = space.Name },
            ["spec"] = new JsonObject
            {
                ["backoffLimit"] = 0,
                ["ttlSecondsAfterFinished"] = 5,
                ["template"] = new JsonObject
                {
                    ["spec"] = new JsonObject
                    {
                        ["nodeName"] = node,
                        ["restartPolicy"] = "Never",
                        ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "host", ["command"] = Command(name, script) }),
                    },
                },
            },
        }, space.Name);
        return name;
    }

    private JsonArray Command(string name, string? script) => new("bash", "-c", script ?? $"echo {name} $EPOCHREALTIME >> {space.Ledger}");

    private string Name(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{Interlocked.Increment(ref _number)}");

    private async Task<BenchProcess> StartSlowNodeAsync()
    {
        var directory = Path.Combine(stack.Directory, "slow");
        Directory.CreateDirectory(directory);
        var runner = BenchProcess.Start("slow-pods", stack.Directory, BenchProcess.Program("Berth.DevCluster"),
            ["pods", "--kubeconfig", Path.Combine(stack.Directory, "kubeconfig"), "--dir", directory, "--nodes", "1", "--node-prefix", "slow-node-", "--start-delay", "1s", "--schedule", "never"]);
        await Wait.UntilAsync(async () => await stack.Client.TryGetAsync(Kubernetes.Resources.Nodes, new ObjectKey(SlowNode)) is { Status.Conditions: { } all } && all.Any(c => c is { Type: "Ready", Status: "True" }), Patience, "the slow node is ready");
        return runner;
    }
}
