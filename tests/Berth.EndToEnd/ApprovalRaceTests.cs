using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>Decisions that meet each other, or come at the wrong moment.</summary>
[Collection("quiet")]
public sealed class ApprovalRaceTests(StackFixture fixture)
{
    private static readonly ResourceType Tasks = Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true);
    private static readonly ResourceType<JsonObject> Approvals = Resources.Dynamic(Names.Group, Names.Version, "approvals", "Approval", true);

    private BerthStack Stack => fixture.Stack;

    [Fact]
    public async Task Of_an_approval_and_a_rejection_made_together_one_counts_and_the_other_is_told()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        var made = await Task.WhenAll(space.DecideAsync("a"), space.DecideAsync("a", ApprovalDecision.Reject, "bob"));
        var verdicts = await Task.WhenAll(made.Select(space.VerdictAsync));
        var over = await space.UntilAsync("a", t => t.Status.Phase.IsTerminal(), "over");
        Assert.Equal(over.Status.Phase == TaskPhase.Succeeded ? (ConditionStatus.True, ConditionStatus.False) : (ConditionStatus.False, ConditionStatus.True), (verdicts[0].Status, verdicts[1].Status));
        Assert.Contains(over.Status.Phase, new[] { TaskPhase.Succeeded, TaskPhase.Rejected });
        Assert.Equal(over.Status.Phase == TaskPhase.Succeeded ? 1 : 0, space.LedgerLines().Count);
    }

    [Fact]
    public async Task A_suspended_task_waits_with_its_approval_and_loses_it_when_that_is_deleted_or_grows_old()
    {
        await using var space = await Stack.SpaceAsync();
        var names = new[] { "goes", "deleted", "old" };
        await Task.WhenAll(names.Select(name => space.CreateAsync(name, s => s["approval"] = new JsonObject { ["validFor"] = name == "old" ? "2s" : "1h" })));
        var approvals = await Task.WhenAll(names.Select(async name =>
        {
            await space.UntilReservedAsync(name);
            await space.PatchAsync(name, new JsonObject { ["desiredState"] = "Suspended" });
            await space.UntilAsync(name, t => t.Status is { Reason: Reasons.Suspended, Slot: null }, "held still");
            var approval = await space.DecideAsync(name);
            Assert.Contains("suspended", (await space.VerdictAsync(approval)).Message!, StringComparison.Ordinal);
            return approval;
        }));
        var edited = await Assert.ThrowsAsync<KubernetesException>(() => Stack.Client.PatchAsync(Approvals, new ObjectKey(space.Name, approvals[0]), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["run"] = 2 } })));
        Assert.True(edited.IsInvalid, edited.Message);
        await Stack.Client.DeleteAsync(Approvals, new ObjectKey(space.Name, approvals[1]));
        foreach (var name in names[1..]) await space.UntilAsync(name, t => t.Status.Grant is null, "without the approval that was deleted or grew too old");
        foreach (var name in names) await space.PatchAsync(name, new JsonObject { ["desiredState"] = "Running" });
        await space.UntilAsync("goes", TaskPhase.Succeeded);
        foreach (var name in names[1..])
        {
            var waiting = await space.UntilReservedAsync(name);
            Assert.Null(waiting.Status.Grant);
            Assert.Contains(waiting.Status.History.Entries, e => e.Signal == "ApprovalRevoked");
        }
        Assert.Equal(["goes"], space.LedgerLines().Select(l => l.Split(' ')[1]));
    }

    [Fact]
    public async Task An_approval_is_for_one_task_and_one_run_only()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        var first = await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        await space.PatchAsync("a", new JsonObject { ["requeue"] = 1 });
        await space.UntilAsync("a", t => t.Status is { Run: 2, Phase: TaskPhase.ApplyPending, Slot.Warm: true, Plan.Stored: true }, "planned in run 2");
        Assert.Equal(Reasons.WrongRun, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { Run = 1, Digest = first.Status.Plan!.Digest }))).Reason);
        await Stack.Client.DeleteAsync(Tasks, new ObjectKey(space.Name, "a"));
        for (var end = DateTime.UtcNow + TestSpace.Patience; await Stack.Client.TryGetAsync(Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true), new ObjectKey(space.Name, "a")) is not null && DateTime.UtcNow < end;) await Task.Delay(100);
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        Assert.Equal(Reasons.WrongRun, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { TaskRef = s.TaskRef with { Uid = first.Metadata.Uid }, Digest = first.Status.Plan!.Digest }))).Reason);
        Assert.Equal(Reasons.NotAllowed, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { TaskRef = s.TaskRef with { Name = "nobody" } }))).Reason);
        Assert.Equal(TaskPhase.ApplyPending, (await space.GetAsync("a")).Status.Phase);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task A_pool_says_whether_tasks_approve_themselves_and_who_may_not()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["policy"] = new JsonObject { ["approval"] = "Auto", ["distinctApprover"] = true } });
        await space.CreateAsync("auto", s => s["approval"] = new JsonObject { ["mode"] = "Auto" });
        using var alice = Stack.As("alice");
        await space.CreateAsync("manual", s => s["requestedBy"] = "alice", alice);
        Assert.Equal(GrantBasis.Auto, (await space.UntilAsync("auto", TaskPhase.Succeeded)).Status.Grant!.Basis);
        await space.UntilReservedAsync("manual");
        Assert.Equal(Reasons.NotAllowed, (await space.VerdictAsync(await space.DecideAsync("manual", by: "alice"))).Reason);
        Assert.Equal(Reasons.Accepted, (await space.VerdictAsync(await space.DecideAsync("manual", by: "bob"))).Reason);
        await space.UntilAsync("manual", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Count);
    }
}
