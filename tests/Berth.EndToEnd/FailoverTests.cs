using System.Diagnostics;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>
/// How long nothing is dispatched when the leader goes. Figures to read, beside what a dispatch takes without any failover on the same
/// machine.
/// </summary>
[Collection("disaster")]
public sealed class FailoverTests(StackFixture fixture, ITestOutputHelper output)
{
    /// <summary>How long a standby may take to see that the Lease has run out.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1.2);

    /// <summary>The longest pause of an agent between two tries to find a leader.</summary>
    private static readonly TimeSpan Redial = TimeSpan.FromSeconds(3);

    private int _tasks;

    [Fact]
    public Task A_leader_that_is_killed_is_replaced_soon_after_its_lease() => MeasureAsync("KILL", StackFixture.LeaseDuration + RetryPeriod + Redial + TimeSpan.FromSeconds(2));

    [Fact]
    public Task A_leader_that_is_stopped_in_order_is_replaced_at_once() => MeasureAsync("TERM", Redial + TimeSpan.FromSeconds(1));

    private async Task MeasureAsync(string signal, TimeSpan goal)
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await DispatchAsync(space);
        var usual = await DispatchAsync(space);
        // Without a standby there is nobody to take over.
        await fixture.Stack.UntilReadyAsync();
        var before = await fixture.Stack.LeaderPidAsync();
        var since = Stopwatch.GetTimestamp();
        BerthStack.Signal(before, signal);
        await DispatchAsync(space);
        var took = Stopwatch.GetElapsedTime(since);
        output.WriteLine($"{signal}: the next dispatch came after {took.TotalSeconds:0.00} s; without failover it takes {usual.TotalSeconds:0.00} s (goal {goal.TotalSeconds} s)");
        // A figure, not a gate: the machine may be busy. That somebody else leads is what holds.
        Assert.NotEqual(before, await fixture.Stack.LeaderPidAsync());
    }

    /// <summary>From the creation of a task to the start of its command.</summary>
    private async Task<TimeSpan> DispatchAsync(TestSpace space)
    {
        var name = $"d-{++_tasks}";
        var file = Path.Combine(fixture.Stack.Directory, $"{space.Name}.{name}");
        var since = Stopwatch.GetTimestamp();
        await space.CreateAsync(name, s =>
        {
            s["type"] = "Plan";
            s.Remove("apply");
            s["plan"]!["command"] = TestSpace.Shell($"echo started > {file}; echo content > plan.out");
        });
        while (!File.Exists(file))
        {
            if (Stopwatch.GetElapsedTime(since) > TestSpace.Patience) throw new TimeoutException($"{name} was not dispatched\n{fixture.Stack.Logs()}");
            await Task.Delay(10);
        }
        return Stopwatch.GetElapsedTime(since);
    }
}
