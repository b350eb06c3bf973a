using System.Globalization;
using Berth.Api;
using Berth.Testing.Fleet;
using Xunit;

namespace Berth.Operator.Tests.Fleet;

/// <summary>Many agents on one leader, over real connections: what they cost, and that a failover loses none of them.</summary>
public sealed class FleetTests(ITestOutputHelper output)
{
    [Fact]
    public Task Forty_agents_come_back_after_a_failover_and_none_counts_as_lost() => FailOverAsync(pods: 40, tasks: 40, idle: TimeSpan.Zero);

    [Fact, Trait("Suite", "Long")]
    public Task A_thousand_agents_come_back_after_a_failover_and_none_counts_as_lost() => FailOverAsync(pods: 1000, tasks: 300, idle: TimeSpan.FromSeconds(30));

    private async Task FailOverAsync(int pods, int tasks, TimeSpan idle)
    {
        await using var fleet = await FleetCluster.StartAsync(pods, slots: 3);
        await fleet.RunTasksAsync(tasks);
        Say($"{pods} agents with 3 slots, {tasks} running tasks");
        await CostAsync(fleet, idle);
        var killed = DateTime.UtcNow;
        await fleet.FailOverAsync();
        var back = fleet.Agents.Select(a => (a.WelcomedAt - killed).TotalSeconds).Order().ToList();
        Say($"failover: first agent back after {back[0]:0.0} s, median {back[back.Count / 2]:0.0} s, last {back[^1]:0.0} s; most within 100 ms: {back.Max(t => back.Count(o => o >= t && o < t + 0.1))}");
        // Longer than silence may last under the new leader: what would be lost is lost by then.
        var until = DateTime.UtcNow + TimeSpan.FromSeconds(pods > 100 ? 60 : 5);
        await FleetCluster.UntilAsync(() => DateTime.UtcNow > until, "time to judge");
        var seen = await fleet.TasksAsync();
        Assert.Equal(tasks, seen.Count(t => t.Status is { Phase: TaskPhase.Running, Losses: 0, Attempts: 1 }));
        Assert.All(fleet.Agents, a => Assert.Equal(0, a.StartedTwice));
        await CostAsync(fleet, idle);
    }

    private async Task CostAsync(FleetCluster fleet, TimeSpan idle)
    {
        var leader = fleet.Leader();
        var before = FleetCluster.Cost(leader);
        var end = DateTime.UtcNow + idle;
        await FleetCluster.UntilAsync(() => DateTime.UtcNow >= end, "an idle while");
        var after = FleetCluster.Cost(leader);
        Say($"leader: {after.MiB} MiB");
        if (idle > TimeSpan.Zero) Say($"leader: {(after.Processor - before.Processor).TotalSeconds / idle.TotalSeconds:0.000} of a core while idle, with a ping to each agent every 10 s");
    }

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
