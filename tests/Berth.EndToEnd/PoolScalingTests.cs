using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

[Collection("pools")]
public sealed class PoolScalingTests(PoolsFixture fixture)
{
    private static readonly ResourceType<JsonObject> Budgets = Resources.Dynamic("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
    private static readonly ResourceType<JsonObject> AnyPool = Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", true);

    private static JsonObject Autoscaled(int max = 2, string idle = "2s") => new()
    {
        ["replicas"] = 0,
        ["autoscaling"] = new JsonObject { ["maxReplicas"] = max, ["idleTimeout"] = idle, ["scaleDownCooldown"] = "1s" },
        ["reservation"] = new JsonObject { ["holdFor"] = "10m" },
    };

    [Fact]
    public async Task A_pool_comes_up_from_zero_by_demand_keeps_what_is_reserved_and_goes_down_again()
    {
        await using var space = await fixture.Stack.SpaceAsync(Autoscaled());
        await fixture.UntilPoolAsync(space, p => p.Status.Scaling?.DesiredReplicas == 0, "seen");
        Assert.Empty(await fixture.PodsAsync(space));
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        var pods = await fixture.PodsAsync(space);
        Assert.Single(pods);
        // Longer than the idle timeout: a reserved pod stays.
        var since = DateTime.UtcNow;
        await fixture.UntilAsync(() => Task.FromResult(DateTime.UtcNow - since > TimeSpan.FromSeconds(5)), "time");
        Assert.Equal(pods[0].Metadata.Uid, Assert.Single(await fixture.PodsAsync(space)).Metadata.Uid);
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        var empty = await fixture.UntilPoolAsync(space, p => p.Spec.Replicas == 0 && p.Status.Replicas == 0, "empty again");
        Assert.Equal("scaled to zero", empty.Status.Conditions.Single(c => c.Type == "Ready").Message);
    }

    [Fact]
    public async Task Demand_above_the_maximum_waits_and_is_said()
    {
        await using var space = await fixture.Stack.SpaceAsync(Autoscaled(max: 1));
        foreach (var name in (string[])["a", "b", "c"]) await space.CreateAsync(name);
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "ScalingLimited", Status: ConditionStatus.True, Reason: Reasons.MaxReplicas }), "limited");
        await fixture.UntilAsync(async () => (await fixture.PoolAsync(space)).Status.Slots.Reserved == 2, "two reserved");
        Assert.Single(await fixture.PodsAsync(space));
    }

    [Fact]
    public async Task Scaling_by_hand_is_undone_while_autoscaling_is_set()
    {
        await using var space = await fixture.Stack.SpaceAsync(Autoscaled());
        await fixture.UntilPoolAsync(space, p => p.Status.Scaling is not null, "seen");
        await ScaleAsync(space, 2);
        await fixture.UntilPoolAsync(space, p => p.Spec.Replicas == 0, "as demand wants it");
        await fixture.UntilAsync(async () => (await fixture.Stack.Client.ListAllAsync(Resources.Dynamic("events.k8s.io", "v1", "events", "Event", true), space.Name)).Items.Any(e => (string?)e["reason"] == Reasons.ScaledByHand), "the event");
        Assert.Empty(await fixture.PodsAsync(space));
    }

    [Fact]
    public async Task Without_autoscaling_the_scale_subresource_scales_and_a_budget_resolves()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["replicas"] = 1 });
        await ScaleAsync(space, 2);
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "Ready", Reason: Reasons.AsExpected }) && p.Status.Replicas == 2, "scaled up");
        await fixture.Stack.Client.CreateAsync(Budgets, new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = new JsonObject { ["name"] = "pdb", ["namespace"] = space.Name },
            ["spec"] = new JsonObject { ["maxUnavailable"] = 1, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [Names.PoolLabel] = "pool" }, ["matchExpressions"] = new JsonArray(new JsonObject { ["key"] = Names.ProtectedLabel, ["operator"] = "DoesNotExist" }) } },
        }, space.Name);
        await fixture.UntilAsync(async () => (int?)(await fixture.Stack.Client.GetAsync(Budgets, new ObjectKey(space.Name, "pdb")))["status"]?["expectedPods"] == 2, "a budget that counts two pods");
        await ScaleAsync(space, 0);
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space, all: true)).Count == 0, "scaled to zero");
    }

    [Fact]
    public async Task A_reservation_that_nobody_approves_gives_its_slot_up_and_takes_one_again_on_approval()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["slotsPerPod"] = 1, ["reservation"] = new JsonObject { ["holdFor"] = "2s" } });
        await space.CreateAsync("a");
        await space.CreateAsync("b");
        foreach (var name in (string[])["a", "b"])
        {
            var given = await space.UntilAsync(name, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot: null } && t.Status.Conditions.Any(c => c is { Type: "SlotReserved", Status: ConditionStatus.False, Reason: Reasons.HoldExpired }), "given up");
            Assert.Contains("a slot is taken again on approval", given.Status.Message!, StringComparison.Ordinal);
        }
        await space.DecideAsync("a");
        var done = await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal((0, 1), (done.Status.Resets, space.LedgerLines().Count));
    }

    [Fact]
    public async Task An_approved_task_without_a_slot_displaces_the_oldest_reservation_and_only_that_one()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["reservation"] = new JsonObject { ["holdFor"] = "10m" } });
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Suspended" });
        await space.UntilAsync("a", t => t.Status.Slot is null, "without a slot");
        await space.CreateAsync("b");
        await space.UntilReservedAsync("b");
        await space.CreateAsync("c");
        await space.UntilReservedAsync("c");
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Running" });
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        var victim = await space.GetAsync("b");
        Assert.Contains(victim.Status.History.Entries, e => e.Reason == Reasons.Displaced);
        Assert.DoesNotContain((await space.GetAsync("c")).Status.History.Entries, e => e.Reason == Reasons.Displaced);
    }

    private Task ScaleAsync(TestSpace space, int replicas) =>
        fixture.Stack.Client.PatchAsync(AnyPool, new ObjectKey(space.Name, "pool"), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } }), "scale");
}
