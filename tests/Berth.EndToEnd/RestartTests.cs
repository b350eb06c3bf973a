using System.Globalization;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>Everything is killed again and again around plans that nobody approved: nothing is ever applied.</summary>
[Collection("disaster")]
public sealed class RestartTests(StackFixture fixture, ITestOutputHelper output)
{
    private static readonly string[] Plans = ["a", "b"];
    private readonly BerthStack _stack = fixture.Stack;

    [Fact]
    public Task Restarted_a_few_times_nothing_unapproved_is_applied() => RestartAsync(3);

    [Fact, Trait("Suite", "Long")]
    public Task Restarted_a_hundred_times_nothing_unapproved_is_applied() => RestartAsync(100);

    private async Task RestartAsync(int rounds)
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("BERTH_CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed} (BERTH_CHAOS_SEED), {rounds} rounds");
        var random = new Random(seed);
        await using var space = await _stack.SpaceAsync(new System.Text.Json.Nodes.JsonObject { ["slotsPerPod"] = 3, ["applySlotsPerPod"] = 3 });
        foreach (var name in Plans) await space.CreateAsync(name, s => s["recovery"] = new System.Text.Json.Nodes.JsonObject { ["resetLimit"] = 100 });
        var digests = new Dictionary<string, string>();
        foreach (var name in Plans) digests[name] = (await space.UntilReservedAsync(name)).Status.Plan!.Digest;
        for (var round = 0; round < rounds; round++)
        {
            await KillAsync(space, random);
            foreach (var name in Plans)
            {
                var waiting = await space.UntilReservedAsync(name);
                Assert.Equal((digests[name], 0, true), (waiting.Status.Plan!.Digest, waiting.Status.Resets, waiting.Status.Grant is null));
            }
            Assert.Empty(space.LedgerLines());
        }
        foreach (var name in Plans) await space.DecideAsync(name);
        foreach (var name in Plans) await space.UntilAsync(name, TaskPhase.Succeeded);
        Assert.Equal(Plans, space.LedgerLines().Select(l => l.Split(' ')[1]).Order(StringComparer.Ordinal));
    }

    /// <summary>Both operators, and something of the pod that holds the plans; the round is over when another leader has judged what it finds.</summary>
    private async Task KillAsync(TestSpace space, Random random)
    {
        var before = await space.GetAsync(Plans[0]);
        var pod = before.Status.Slot!.Pod;
        var operators = _stack.OperatorPids();
        var what = random.Next(4);
        output.WriteLine($"{DateTime.UtcNow:HH:mm:ss} operators {string.Join(", ", operators)} and {(what switch { 0 => "nothing else", 1 => "a slot", 2 => "the agent", _ => "the pod" })}");
        foreach (var pid in operators) BerthStack.Signal(pid, "KILL");
        if (what == 1) BerthStack.Signal(await _stack.Pods.PidAsync(pod, Names.SlotContainer(before.Status.Slot.Index)), "KILL");
        if (what == 2) BerthStack.Signal(await _stack.Pods.PidAsync(pod, Names.AgentContainer), "KILL");
        if (what == 3) await _stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, pod));
        var probe = $"probe-{random.Next(int.MaxValue)}";
        await space.CreateAsync(probe, s =>
        {
            s["type"] = "Plan";
            s.Remove("apply");
        });
        await space.UntilAsync(probe, TaskPhase.Succeeded);
        if (what is 1 or 3) await space.UntilAsync(Plans[0], t => t.Status.Attempts > before.Status.Attempts, "moved to another slot");
    }
}
