using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Benchmarks.Machinery;
using Berth.Kubernetes;
using Berth.Testing;

namespace Berth.Benchmarks.Recovery;

/// <summary>
/// How long each kind of trouble lasts, with real processes: leader killed, leader released, reserved pod killed, applying pod killed,
/// database back. <c>--rounds=N</c> of each; <c>--only=NAME</c> for one of leader-kill, leader-release, reserved, applying, database.
/// </summary>
internal sealed class RecoveryBenchmark(BerthStack stack, TestSpace space, Gates gates, int rounds)
{
    private const double LeaseSeconds = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Start.StartLedger _ledger = new(space.Ledger);
    private int _number;

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        await using var stack = await BerthStack.StartAsync();
        await using var space = await stack.SpaceAsync(new JsonObject { ["replicas"] = 2, ["slotsPerPod"] = 2, ["applySlotsPerPod"] = 2 });
        var gates = new Gates("recovery");
        var benchmark = new RecoveryBenchmark(stack, space, gates, options.Number("--rounds", 10, 2));
        var only = options.Text("--only");
        async Task PartAsync(string name, Func<Task> part)
        {
            if (only is null || only == name) await part();
        }
        await benchmark.ProbeAsync();
        await PartAsync("reserved", benchmark.ReservedAsync);
        await PartAsync("applying", benchmark.ApplyingAsync);
        await PartAsync("database", benchmark.DatabaseAsync);
        await PartAsync("leader-release", benchmark.LeaderReleaseAsync);
        await PartAsync("leader-kill", benchmark.LeaderKillAsync);
        return gates.Report();
    }

    private async Task LeaderKillAsync()
    {
        var times = await RoundsAsync(() => LeaderAsync("KILL"));
        gates.Times("leader killed → the next one's first command runs, p50", times.P50, "s", "lease duration", LeaseSeconds, 1 + (2 / LeaseSeconds));
        gates.Beside("leader killed → the next one's first command runs, p99", times.P99, "s", "lease duration", LeaseSeconds);
    }

    private async Task LeaderReleaseAsync()
    {
        var times = await RoundsAsync(() => LeaderAsync("TERM"));
        gates.Goal("leader released → the next one's first command runs, p50", times.P50, 1, "s");
        gates.Sooner("leader released → the next one's first command runs, p99", times.P99, "s", "lease duration", LeaseSeconds, 3);
    }

    private async Task ReservedAsync()
    {
        var times = await RoundsAsync(async () =>
        {
            var name = Name();
            await space.CreateAsync(name);
            var held = await space.UntilReservedAsync(name);
            await TwoPodsReadyAsync();
            var began = await KillPodAsync(held.Status.Slot!.Pod);
            await UntilAsync(name, t => t.Status.Slot is { Warm: true } slot && slot.PodUid != held.Status.Slot.PodUid);
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            await space.DecideAsync(name, ApprovalDecision.Reject);
            return took;
        });
        gates.Goal("reserved pod killed → plan restored on another slot, p50", times.P50, 2, "s");
        gates.Note("reserved pod killed → plan restored on another slot, p99", times.P99, "s");
    }

    private async Task ApplyingAsync()
    {
        var times = await RoundsAsync(async () =>
        {
            var name = Name();
            await space.CreateAsync(name, s =>
            {
                s["recovery"] = new JsonObject { ["onApplyLost"] = "Replan" };
                s["apply"]!["command"] = TestSpace.Shell("sleep 600");
            });
            await space.UntilReservedAsync(name);
            await space.DecideAsync(name);
            var applying = await space.UntilAsync(name, t => t.Status is { Phase: TaskPhase.Applying, Attempt.StartedAt: not null } || t.Status.Phase == TaskPhase.Applying, "Applying");
            await TwoPodsReadyAsync();
            var began = await KillPodAsync(applying.Status.Slot!.Pod);
            await UntilAsync(name, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot.Warm: true });
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            await space.DecideAsync(name, ApprovalDecision.Reject);
            return took;
        });
        gates.Note("applying pod killed → fenced and planned anew, p50", times.P50, "s");
        gates.Note("applying pod killed → fenced and planned anew, p99", times.P99, "s");
    }

    /// <summary>Tasks go on while the database is away; when it is back, every transition gets there and the finalizers go.</summary>
    private async Task DatabaseAsync()
    {
        const int waiting = 10;
        var times = await RoundsAsync(async () =>
        {
            await stack.Postgres.StopAsync();
            var names = new List<string>();
            for (var i = 0; i < waiting; i++) names.Add(await CreateRunAsync("true"));
            foreach (var name in names) await UntilAsync(name, t => t.Status.Phase == TaskPhase.Succeeded);
            await stack.Postgres.StartAgainAsync();
            var began = Stopwatch.GetTimestamp();
            foreach (var name in names) await UntilAsync(name, t => t.Metadata.Finalizers is not { Count: > 0 });
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        });
        gates.Note($"database back → the transitions of {waiting} tasks are in it, p50", times.P50, "s");
        gates.Sooner($"database back → the transitions of {waiting} tasks are in it, p99", times.P99, "s", "longest pause between tries, and a second", 11, 1);
    }

    private async Task<double> LeaderAsync(string signal)
    {
        var old = await BothReadyAsync();
        BerthStack.Signal(old, signal);
        var began = DateTimeOffset.UtcNow;
        return ((await _ledger.StartedAsync(await CreateRunAsync(null), Patience)) - began).TotalSeconds;
    }

    /// <summary>Waits until both operators are ready and one leads; its pid.</summary>
    private async Task<int> BothReadyAsync()
    {
        using var http = new HttpClient();
        await Wait.UntilAsync(async () =>
        {
            try
            {
                var leads = false;
                foreach (var url in stack.Env("OPERATOR_URLS").Split(' '))
                {
                    using var answer = await http.GetAsync(new Uri(url + "/readyz"));
                    if (!answer.IsSuccessStatusCode) return false;
                    leads |= (await answer.Content.ReadAsStringAsync()).Contains("role: leader", StringComparison.Ordinal);
                }
                return leads;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, Patience, "both operators are ready", 50);
        await ProbeAsync();
        return await stack.LeaderPidAsync();
    }

    /// <summary>Everything works and every agent is connected when a command runs.</summary>
    private async Task ProbeAsync()
    {
        var name = await CreateRunAsync(null);
        await _ledger.StartedAsync(name, Patience);
        await UntilAsync(name, t => t.Status.Phase == TaskPhase.Succeeded);
        await TwoPodsReadyAsync();
    }

    private Task TwoPodsReadyAsync() => Wait.UntilAsync(async () =>
    {
        var pool = await stack.Client.GetAsync(Kinds.AnyPool, new ObjectKey(space.Name, "pool"));
        return (int?)pool["status"]?["slots"]?["unavailable"] is null or 0 && (int?)pool["status"]?["slots"]?["total"] == 4;
    }, Patience, "all four slots are there", 50);

    private async Task<long> KillPodAsync(string pod)
    {
        var began = Stopwatch.GetTimestamp();
        await stack.Pods.DoAsync($"admin/pods/{space.Name}/{pod}/force-delete?processes=dead");
        return began;
    }

    private async Task<string> CreateRunAsync(string? script)
    {
        var name = Name();
        await RunTask.CreateAsync(stack, space, name, new JsonArray("bash", "-c", script ?? $"echo {name} $EPOCHREALTIME >> {space.Ledger}"));
        return name;
    }

    private Task UntilAsync(string task, Func<TaskResource, bool> condition) =>
        Wait.UntilAsync(async () => condition(await space.GetAsync(task)), Patience, $"{task} is as expected", 10);

    private async Task<Percentiles> RoundsAsync(Func<Task<double>> round)
    {
        var times = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            times.Add(await round());
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"   round {i + 1}: {times[^1]:0.00} s"));
        }
        return new Percentiles(times);
    }

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"r{Interlocked.Increment(ref _number)}");
}
