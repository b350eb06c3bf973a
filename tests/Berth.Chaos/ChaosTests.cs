using System.Globalization;
using Berth.Api;
using Berth.History;
using Berth.Testing;
using Xunit;

namespace Berth.Chaos;

/// <summary>
/// Tasks go through plan, approval and apply while slot runners, agents, pods, operators and the database are killed at random. At the
/// end the API, the database and the side effects themselves are held against each other.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("BERTH_CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
    private static readonly double Minutes = double.Parse(Environment.GetEnvironmentVariable("BERTH_CHAOS_MINUTES") ?? "0.5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nothing_is_lost_applied_twice_or_applied_unapproved()
    {
        output.WriteLine($"seed {Seed}, {Minutes} minutes (BERTH_CHAOS_SEED, BERTH_CHAOS_MINUTES, or ./dev test chaos --seed S --minutes M)");
        await using var stack = await BerthStack.StartAsync();
        await using var space = await stack.SpaceAsync(new() { ["replicas"] = 2, ["agentLostAfter"] = "15s" });
        var run = new ChaosRun(stack, space, new Random(Seed), output.WriteLine);
        await run.HurtAsync(TimeSpan.FromMinutes(Minutes));
        await run.HealAsync();
        await AuditAsync(stack, space, run);
    }

    private static async Task AuditAsync(BerthStack stack, TestSpace space, ChaosRun run)
    {
        var ledger = space.LedgerLines().Select(l => l.Split(' ')).Select(l => (Attempt: l[0], Task: l[1])).ToList();
        Assert.Equal(ledger.Count, ledger.Select(l => l.Attempt).Distinct().Count());
        await using var history = new HistoryStore(stack.Env("POSTGRES"));
        foreach (var name in run.Tasks)
        {
            var task = await space.UntilAsync(name, t => t.Status.Phase.IsTerminal() && t.Metadata.Finalizers is not { Count: > 0 }, "over and written");
            var rows = await history.GetTransitionsAsync(task.Metadata.Uid);
            Assert.Equal(Enumerable.Range(1, (int)task.Status.History.Seq).Select(i => (long)i), rows.Select(r => r.Seq));
            Assert.Equal(task.Status.Phase, rows[^1].To);
            var ordered = rows.Where(r => r.To == TaskPhase.Applying && r.From == TaskPhase.ApplyPending).ToList();
            var approvals = rows.Count(r => r.Signal == "Approved");
            var effects = ledger.Count(l => l.Task == name);
            Assert.True(effects <= ordered.Count, $"{name}: {effects} effects of {ordered.Count} ordered applies");
            Assert.True(ordered.Count <= approvals, $"{name}: {ordered.Count} applies with {approvals} approvals");
            if (task.Status.Phase == TaskPhase.Succeeded && task.Status.Reason == Reasons.Applied) Assert.Contains(ledger, l => l.Attempt == task.Status.Attempt!.Id);
        }
    }
}
