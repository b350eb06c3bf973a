using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Berth.Api;
using Berth.Benchmarks.Machinery;
using Berth.Kubernetes;
using Berth.Testing.Fleet;

namespace Berth.Benchmarks.Burst;

/// <summary>
/// Many plan → approve → apply tasks at once, on simulated agents: rate beside the API server's own, writes a task, processor time, memory.
/// <c>--tasks=N --pods=N --slots=N</c> (a pod); <c>--auto</c> needs no Approvals. With BERTH_TEST_KUBECONFIG on that API server.
/// </summary>
internal sealed class BurstBenchmark(BenchCluster cluster, string ns, int tasks, bool auto, double writes) : IAsyncDisposable
{
    private const string Person = "alice";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private readonly Channel<TaskResource> _planned = Channel.CreateUnbounded<TaskResource>();
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _approved = new(StringComparer.Ordinal);
    private readonly KubernetesClient _person = cluster.As(Person);
    private int _finished;
    private int _failed;

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        var (tasks, pods, slots) = (options.Number("--tasks", 10_000, 300, 200), options.Number("--pods", 100, 20), options.Number("--slots", 3, 3));
        await using var cluster = await BenchCluster.StartAsync();
        var ns = await cluster.NamespaceAsync();
        var rate = await UpdateRate.MeasureAsync(cluster.Client, ns, TimeSpan.FromSeconds(options.Number("--seconds", 10, 3)));
        await cluster.StartOperatorAsync();
        await cluster.CreatePoolAsync(ns, pods, slots);
        await using var fleet = await SimulatedFleet.StartAsync(cluster.Client, ns, pods, slots, TimeSpan.Zero);
        await using var burst = new BurstBenchmark(cluster, ns, tasks, options.Has("--auto"), options.IsGates ? 7.6 : 7.05);
        await burst.WarmAsync();
        return await burst.RunAsync(rate, pods * slots);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
        _person.Dispose();
    }

    // The first tasks pay for compiling, and prove that approvals count here.
    private async Task WarmAsync()
    {
        var informer = new InformerFactory(cluster.Client).For(Kinds.Tasks, new() { Namespace = ns });
        informer.AddHandler(Observe);
        _ = informer.RunAsync(_stop.Token);
        for (var worker = 0; worker < 8; worker++) _ = ApproveAsync();
        await CreateAsync("warm", 60);
        await UntilFinishedAsync(60);
    }

    private async Task<int> RunAsync(double rate, int slots)
    {
        var gates = new Gates("burst");
        var (serverBefore, operatorBefore, cpuBefore) = (await cluster.ServerMetricsAsync(), await cluster.OperatorMetricsAsync(), ProcessMeter.CpuSeconds(cluster.Operator!.Pid));
        var serverCpu = cluster.Server is { } server ? ProcessMeter.CpuSeconds(server.Pid) : 0;
        _finished = 0;
        var began = Stopwatch.GetTimestamp();
        await CreateAsync("burst", tasks);
        await UntilFinishedAsync(tasks);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (serverAfter, operatorAfter, cpuAfter) = (await cluster.ServerMetricsAsync(), await cluster.OperatorMetricsAsync(), ProcessMeter.CpuSeconds(cluster.Operator.Pid));
        gates.Note($"{tasks} tasks, {slots} slots: tasks a second", tasks / seconds, "/s");
        Writes(gates, new Requests(serverBefore, serverAfter, tasks), seconds, rate);
        gates.Note("operator's processor time for 1 000 tasks", (cpuAfter - cpuBefore) / tasks * 1000, "s");
        if (cluster.Server is { } after) gates.Note("API server's processor time for 1 000 tasks", (ProcessMeter.CpuSeconds(after.Pid) - serverCpu) / tasks * 1000, "s");
        gates.Note("operator resident at its peak", ProcessMeter.PeakRssMiB(cluster.Operator.Pid), "MiB");
        gates.Note("reconciles a task", (operatorAfter.Sum("controller_runtime_reconcile_total", ("controller", "task")) - operatorBefore.Sum("controller_runtime_reconcile_total", ("controller", "task"))) / tasks, "");
        gates.AtMost("tasks that did not succeed", _failed, 0);
        Console.Error.WriteLine("   transitions a task:");
        var moves = operatorBefore.By("berth_task_transitions_total", "signal");
        foreach (var (signal, count) in operatorAfter.By("berth_task_transitions_total", "signal").OrderByDescending(m => m.Value)) Console.Error.WriteLine($"   {(count - moves.GetValueOrDefault(signal)) / tasks,8:0.00} {signal}");
        return gates.Report();
    }

    private void Writes(Gates gates, Requests requests, double seconds, double rate)
    {
        var ours = requests.Of("PATCH", "tasks");
        // Finalizer on and off, four transitions, and one wait for a slot; a few more where a busy machine makes placement late.
        gates.AtMost("operator's writes of a task", ours, writes);
        gates.Note("of them status", requests.Of("PATCH", "tasks", "status"), "");
        // A pass that comes before the watch has told of the verdict writes it again, as it was.
        if (!auto) gates.AtMost("operator's writes of an Approval", requests.Of("PATCH", "approvals"), 1.1);
        gates.AtMost("GETs of a task", requests.Of("GET", "tasks"), 0.05);
        gates.AtMost("LISTs of tasks in all", requests.Of("LIST", "tasks") * tasks, 0);
        gates.Note("GETs of an Approval", requests.Of("GET", "approvals"), "");
        gates.Note("Events written for a task", requests.Of("POST", "events"), "");
        gates.Note("reads of the Lease for a task", requests.Of("GET", "leases"), "");
        gates.Note("all writes for a task, people's and Events too", requests.AllWrites, "");
        gates.Share("all writes a second", requests.AllWrites * tasks / seconds, "/s", "the API server's own rate of status patches", rate, 0.7, gate: false);
        foreach (var (what, each) in requests.ByWhat.Where(w => w.Each >= 0.02)) Console.Error.WriteLine($"   {each,8:0.00} a task  {what}");
    }

    private async Task CreateAsync(string prefix, int count) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancel) =>
            await cluster.Client.CreateAsync(Kinds.AnyTask, BurstTasks.Task(ns, string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}"), auto), ns, cancellationToken: cancel));

    private async Task UntilFinishedAsync(int count)
    {
        try
        {
            await Wait.UntilAsync(() => Volatile.Read(ref _finished) >= count || cluster.Operator!.HasEnded, Patience, $"{count} tasks finished", 5);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; {_finished} did\n{cluster.Operator!.Tail()}");
        }
        if (cluster.Operator!.HasEnded) throw new InvalidOperationException($"the operator ended:\n{cluster.Operator.Tail()}");
    }

    private void Observe(InformerEvent<TaskResource> change)
    {
        var (task, old) = (change.Object, change.Old);
        if (change.Type == InformerEventType.Deleted) return;
        if (!auto && task.Status is { Phase: TaskPhase.ApplyPending, Grant: null, Plan.Digest.Length: > 0 } && _approved.Add(task.Metadata.Uid)) _planned.Writer.TryWrite(task);
        // Over for us means over for the operator: its finalizer is off.
        if (task.Status.Phase.IsTerminal() && task.Metadata.Finalizers is not { Count: > 0 } && old?.Metadata.Finalizers is { Count: > 0 })
        {
            if (task.Status.Phase != TaskPhase.Succeeded) Interlocked.Increment(ref _failed);
            Interlocked.Increment(ref _finished);
        }
    }

    private async Task ApproveAsync()
    {
        await foreach (var task in _planned.Reader.ReadAllAsync(_stop.Token)) await _person.CreateAsync(Kinds.Approvals, BurstTasks.Approval(task, Person), ns);
    }
}
