using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>Operators and the database are killed here, so these scenarios have an instance of their own and run one after another.</summary>
[Collection("disaster")]
public sealed class DisasterTests(StackFixture fixture)
{
    private readonly BerthStack _stack = fixture.Stack;

    [Fact]
    public async Task The_leader_killed_during_apply_is_replaced_and_nothing_runs_twice()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("a", s => s["apply"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT a >> {space.Ledger}; sleep 4; echo end"));
        await space.CreateAsync("b");
        await space.UntilReservedAsync("a");
        await space.UntilReservedAsync("b");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => space.LedgerLines().Count == 1, "started");
        var old = await _stack.LeaderPidAsync();
        BerthStack.Signal(old, "KILL");
        await space.DecideAsync("b");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        await space.UntilAsync("b", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Count);
        Assert.NotEqual(old, await _stack.LeaderPidAsync());
    }

    [Fact]
    public async Task Output_that_somebody_follows_goes_on_where_it_was_when_the_operators_are_killed()
    {
        await using var space = await _stack.SpaceAsync();
        var gate = Path.Combine(_stack.Directory, space.Name + ".gate");
        await space.CreateAsync("a", s =>
        {
            s["type"] = "Run";
            s.Remove("plan");
            s.Remove("apply");
            s["run"] = new System.Text.Json.Nodes.JsonObject { ["command"] = TestSpace.Shell($"i=0; while [ ! -e {gate} ]; do echo line $i; i=$((i+1)); sleep 0.05; done; echo the end") };
        });
        // It may be followed before it has begun.
        await using var following = BerthVerb.Start(_stack, "logs", "a", "--follow", "-n", space.Name);
        await following.UntilSaysAsync("line 5");
        foreach (var pid in _stack.OperatorPids()) BerthStack.Signal(pid, "KILL");
        var seen = following.Text.Split('\n').Length;
        await following.UntilSaysAsync($"line {seen + 20}");
        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        Assert.True(await following.EndAsync() == 0, following.Text);
        var lines = following.Text.Split('\n').Where(l => l.StartsWith("line ", StringComparison.Ordinal)).ToList();
        Assert.Equal(Enumerable.Range(0, lines.Count).Select(i => $"line {i}"), lines);
        Assert.EndsWith("the end", following.Text.TrimEnd(), StringComparison.Ordinal);
        await _stack.UntilReadyAsync();
        // By hand from any byte.
        var (_, rest) = await BerthVerb.RunAsync(_stack, "logs", "a", "--offset", "7", "-n", space.Name);
        Assert.StartsWith("line 1\nline 2\n", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_leader_paused_past_its_lease_changes_nothing_when_it_wakes()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        var paused = await _stack.LeaderPidAsync();
        BerthStack.Signal(paused, "STOP");
        try
        {
            await space.DecideAsync("a");
            await space.UntilAsync("a", TaskPhase.Succeeded);
        }
        finally
        {
            BerthStack.Signal(paused, "CONT");
        }
        await space.CreateAsync("b");
        await space.UntilReservedAsync("b");
        await space.DecideAsync("b");
        await space.UntilAsync("b", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Distinct().Count());
        Assert.Equal(2, space.LedgerLines().Count);
    }

    [Fact]
    public async Task Both_operators_killed_around_an_unapproved_plan_apply_nothing()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("a");
        var before = await space.UntilReservedAsync("a");
        foreach (var pid in _stack.OperatorPids()) BerthStack.Signal(pid, "KILL");
        await space.CreateAsync("b");
        await space.UntilReservedAsync("b");
        var after = await space.UntilReservedAsync("a");
        Assert.Empty(space.LedgerLines());
        Assert.Equal((before.Status.Slot!.Name, before.Status.Plan!.Digest, 0), (after.Status.Slot!.Name, after.Status.Plan!.Digest, after.Status.Resets));
    }

    [Fact]
    public async Task With_the_database_away_tasks_go_on_and_nothing_is_lost_afterwards()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("warm");
        await space.UntilReservedAsync("warm");
        await _stack.Postgres.StopAsync();
        try
        {
            await space.CreateAsync("a");
            await space.UntilAsync("a", t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: false }, "planned, not stored");
            await space.DecideAsync("a");
            var done = await space.UntilAsync("a", TaskPhase.Succeeded);
            Assert.Contains(Names.TaskFinalizer, done.Metadata.Finalizers ?? []);
        }
        finally
        {
            await _stack.Postgres.StartAgainAsync();
        }
        var written = await space.UntilAsync("a", t => t.Metadata.Finalizers is not { Count: > 0 }, "released");
        await using var history = new Berth.History.HistoryStore(_stack.Env("POSTGRES"));
        Assert.Equal(written.Status.History.Entries.Select(e => (e.Seq, e.To, e.At)), (await history.GetTransitionsAsync(written.Metadata.Uid)).Select(e => (e.Seq, e.To, e.At)));
    }
}
