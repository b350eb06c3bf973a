using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

[Collection("pools")]
public sealed class PoolDrainTests(PoolsFixture fixture)
{
    [Fact]
    public async Task A_drained_pod_gets_no_work_its_reservations_move_and_its_running_work_is_waited_for()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["reservation"] = new JsonObject { ["holdFor"] = "10m" } });
        await space.CreateAsync("reserved");
        var before = await space.UntilReservedAsync("reserved");
        var go = Path.Combine(fixture.Stack.Directory, $"{space.Name}.go");
        await space.CreateAsync("running", Run($"while [ ! -e {go} ]; do sleep 0.2; done; echo $BERTH_ATTEMPT run >> {space.Ledger}"));
        var running = await space.UntilAsync("running", TaskPhase.Running);
        Assert.Equal(before.Status.Slot!.PodUid, running.Status.Slot!.PodUid);
        await fixture.AnnotatePodAsync(space, before.Status.Slot.Pod, Names.DrainAnnotation, "alice: new disks");
        var moved = await space.UntilReservedAsync("reserved", notOn: before.Status.Slot.PodUid);
        Assert.Equal((0, before.Status.Plan!.Digest), (moved.Status.Resets, moved.Status.Plan!.Digest));
        Assert.Contains(moved.Status.History.Entries, e => e.Message!.Contains("alice: new disks", StringComparison.Ordinal));
        Assert.Contains(await fixture.PodsAsync(space), p => p.Metadata.Uid == before.Status.Slot.PodUid);
        await File.WriteAllTextAsync(go, "");
        await space.UntilAsync("running", TaskPhase.Succeeded);
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space, all: true)).All(p => p.Metadata.Uid != before.Status.Slot.PodUid), "the drained pod's end");
        Assert.Single(await fixture.PodsAsync(space));
        await space.DecideAsync("reserved");
        await space.UntilAsync("reserved", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Count);
    }

    [Fact]
    public async Task A_drain_that_is_taken_back_in_time_changes_nothing()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        var go = Path.Combine(fixture.Stack.Directory, $"{space.Name}.go");
        await space.CreateAsync("running", Run($"while [ ! -e {go} ]; do sleep 0.2; done"));
        var running = await space.UntilAsync("running", TaskPhase.Running);
        await fixture.AnnotatePodAsync(space, running.Status.Slot!.Pod, Names.DrainAnnotation, "");
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space)).Count == 2, "the successor");
        await fixture.AnnotatePodAsync(space, running.Status.Slot.Pod, Names.DrainAnnotation, null);
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space)).Count == 1, "one pod again");
        Assert.Equal(running.Status.Slot.PodUid, (await fixture.PodsAsync(space))[0].Metadata.Uid);
        await File.WriteAllTextAsync(go, "");
        await space.UntilAsync("running", TaskPhase.Succeeded);
    }

    [Theory]
    [InlineData("""{"unschedulable": true}""", "is cordoned")]
    [InlineData("""{"taints": [{"key": "aws-node-termination-handler/spot-itn", "effect": "NoSchedule"}]}""", "is about to go")]
    public async Task Reservations_leave_a_node_that_is_cordoned_or_about_to_go(string spec, string said)
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await space.CreateAsync("a");
        var before = await space.UntilReservedAsync("a");
        await using (await fixture.NodeAsync(before.Status.Slot!.Node!, JsonNode.Parse(spec)!.AsObject()))
        {
            // The stored plan goes on elsewhere; where there is no other node, once this one may be used again.
            await space.UntilAsync("a", t => t.Status.History.Entries.Any(e => e.Message!.Contains(said, StringComparison.Ordinal)), "off the node");
        }
        var after = await space.UntilReservedAsync("a");
        Assert.Equal(0, after.Status.Resets);
    }

    [Fact]
    public async Task A_new_template_rolls_without_losing_work_or_an_approved_plan()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["reservation"] = new JsonObject { ["holdFor"] = "10m" } });
        await space.CreateAsync("a");
        var before = await space.UntilReservedAsync("a");
        await space.PatchPoolAsync(new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["example.com/version"] = "2" } } } });
        await fixture.UntilPoolAsync(space, p => p.Status is { Replicas: 2, Slots.Idle: 3 } && p.Status.Conditions.Any(c => c.Message!.Contains("older template", StringComparison.Ordinal)), "with one pod of each template");
        await space.CreateAsync("b");
        Assert.NotEqual(before.Status.Slot!.PodUid, (await space.UntilReservedAsync("b")).Status.Slot!.PodUid);
        await space.DecideAsync("a");
        var done = await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal((before.Status.Slot.PodUid, 0), (done.Status.Attempt!.PodUid, done.Status.Resets));
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space, all: true)).All(p => p.Metadata.Uid != before.Status.Slot.PodUid), "the old pod's end");
    }

    [Fact]
    public async Task A_request_to_rebalance_is_carried_out_and_said()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["replicas"] = 2 });
        await fixture.UntilPoolAsync(space, p => p.Status.Slots.Idle == 4, "ready");
        var asked = DateTimeOffset.UtcNow.ToString("O");
        await fixture.AnnotatePoolAsync(space, Names.RebalanceAnnotation, asked);
        await fixture.UntilPoolAsync(space, p => p.Status.Rebalanced == asked, "balanced");
        // Whatever was moved has its successor.
        await fixture.UntilPoolAsync(space, p => p.Status is { Replicas: 2, Slots.Idle: 4 }, "whole again");
        Assert.Equal(2, (await fixture.PodsAsync(space)).Count);
    }

    private static Action<JsonObject> Run(string line) => s =>
    {
        s["type"] = "Run";
        s.Remove("plan");
        s.Remove("apply");
        s["run"] = new JsonObject { ["command"] = TestSpace.Shell(line) };
    };
}
