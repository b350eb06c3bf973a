using System.Diagnostics;
using Berth.Api;
using Berth.Testing.Fleet;

namespace Berth.Benchmarks.Agents;

/// <summary>
/// A thousand agent pods with three slots each, connected to one leader over real connections, some of their slots at work: what they cost it
/// while nothing happens, and how they come back when it is killed. <c>--pods=N</c>, <c>--tasks=N</c>, <c>--idle=SECONDS</c>.
/// </summary>
internal static class AgentsBenchmark
{
    private const int SlotsPerPod = 3;
    private const int PingEvery = 10;
    private const int LeaseSeconds = 15;

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        var (pods, tasks, idle) = (options.Number("--pods", 1000, 100), options.Number("--tasks", 300, 30), options.Number("--idle", 30, 10));
        var gates = new Gates("agents");
        var began = Stopwatch.GetTimestamp();
        await using var fleet = await FleetCluster.StartAsync(pods, SlotsPerPod);
        gates.Note($"{pods} pods made, {pods} agents connected", Stopwatch.GetElapsedTime(began).TotalSeconds, "s");
        began = Stopwatch.GetTimestamp();
        await fleet.RunTasksAsync(tasks);
        gates.Note($"{tasks} tasks created → all run", Stopwatch.GetElapsedTime(began).TotalSeconds, "s");
        await IdleAsync(fleet, gates, pods, idle, "first leader");
        await FailOverAsync(fleet, gates, pods);
        await IdleAsync(fleet, gates, pods, idle, "next leader");
        var seen = await fleet.TasksAsync();
        gates.Exactly("tasks lost, or begun again", seen.Count(t => t.Status is not { Phase: TaskPhase.Running, Losses: 0, Attempts: 1 }), 0);
        gates.Exactly("second commands of a task", fleet.Agents.Sum(a => a.StartedTwice), 0);
        return gates.Report();
    }

    private static async Task FailOverAsync(FleetCluster fleet, Gates gates, int pods)
    {
        var killed = DateTime.UtcNow;
        await fleet.FailOverAsync();
        var back = fleet.Agents.Select(a => (a.WelcomedAt - killed).TotalSeconds).Order().ToList();
        gates.Times("leader killed → first agent is back", back[0], "s", "lease duration", LeaseSeconds, 1 + (2.0 / LeaseSeconds), gate: false);
        gates.Note("first agent back → half of them", back[pods / 2] - back[0], "s");
        gates.Note("first agent back → all of them", back[^1] - back[0], "s");
        gates.Note("most that come within 100 ms", back.Max(t => back.Count(o => o >= t && o < t + 0.1)), "");
    }

    /// <summary>Nothing happens but pings: processor time is theirs.</summary>
    private static async Task IdleAsync(FleetCluster fleet, Gates gates, int pods, int seconds, string who)
    {
        var leader = fleet.Leader();
        var before = FleetCluster.Cost(leader);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var after = FleetCluster.Cost(leader);
        var spent = (after.Processor - before.Processor).TotalSeconds;
        gates.Note($"{who}: resident", after.MiB, "MiB");
        gates.Note($"{who}: share of a core while nothing happens", spent / seconds, "");
        gates.Note($"{who}: processor time for one ping", spent * 1e6 / (pods * (double)seconds / PingEvery), "µs");
    }
}
