using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

[Collection("quiet")]
public sealed class BadInputTests(StackFixture fixture)
{
    private BerthStack Stack => fixture.Stack;

    [Fact]
    public async Task A_task_that_names_no_pool_says_which_to_create()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["poolRef"] = new JsonObject { ["name"] = "nowhere" });
        var waiting = await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotFound, "told");
        Assert.Contains("nowhere", waiting.Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_named_and_dead_lettered_after_its_retries()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s =>
        {
            s["plan"]!["command"] = new JsonArray("no-such-program");
            s["retry"] = new JsonObject { ["limit"] = 1, ["backoff"] = new JsonObject { ["initial"] = "100ms" } };
        });
        var dead = await space.UntilAsync("a", TaskPhase.DeadLettered);
        Assert.Contains("no-such-program", dead.Status.Message!, StringComparison.Ordinal);
        // What a person was to be told of is in the history, whether a webhook told it or not.
        await using var history = new Berth.History.HistoryStore(Stack.Env("POSTGRES"));
        await space.UntilAsync("a", t => t.Metadata.Finalizers is not { Count: > 0 }, "written");
        for (var end = DateTime.UtcNow + TestSpace.Patience; (await history.GetStoryAsync(dead.Metadata.Uid))!.Alerts is not [{ Severity: "critical", Name: Reasons.RetriesExhausted }]; await Task.Delay(100, TestContext.Current.CancellationToken))
            Assert.True(DateTime.UtcNow < end, $"one alert: {string.Join("; ", (await history.GetStoryAsync(dead.Metadata.Uid))!.Alerts)}");
    }

    [Fact]
    public async Task A_type_that_the_pool_forbids_waits_with_the_remedy()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["policy"] = new JsonObject { ["types"] = new JsonArray("Plan") } });
        await space.CreateAsync("a");
        Assert.Contains("policy.types", (await space.UntilAsync("a", t => t.Status.Reason == Reasons.PolicyForbids, "told")).Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_without_a_container_named_task_is_told_on_pool_and_task()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "host" }) } } });
        await space.CreateAsync("a");
        Assert.Contains("container named task", (await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotReady, "told")).Status.Message!, StringComparison.Ordinal);
        await space.PatchPoolAsync(new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "task", ["image"] = "host" }) } } });
        await space.UntilReservedAsync("a");
    }

    [Fact]
    public async Task Approvals_for_another_digest_run_or_task_get_their_verdict_and_apply_nothing()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        Assert.Equal(Reasons.WrongDigest, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { Digest = Digests.Of("another") }))).Reason);
        Assert.Equal(Reasons.WrongRun, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { Run = 2 }))).Reason);
        Assert.Equal(Reasons.WrongRun, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { TaskRef = s.TaskRef with { Uid = Guid.NewGuid().ToString() } }))).Reason);
        Assert.Equal(Reasons.NotAllowed, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { Workspace = "other" }))).Reason);
        Assert.Equal(TaskPhase.ApplyPending, (await space.GetAsync("a")).Status.Phase);
        Assert.Empty(space.LedgerLines());
    }

    [Fact]
    public async Task An_approval_under_a_false_name_is_refused_at_the_door()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        var error = await Assert.ThrowsAsync<KubernetesException>(() => space.DecideAsync("a", by: "bob", change: s => s with { Approver = "alice" }));
        Assert.Contains("spec.approver must be the name of the requesting user", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_approval_for_a_task_that_does_not_wait_is_told_so()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["replicas"] = 0 });
        await space.CreateAsync("a");
        await space.UntilAsync("a", t => t.Status.Reason == Reasons.WaitingForSlot, "waiting");
        Assert.Equal(Reasons.NotWaiting, (await space.VerdictAsync(await space.DecideAsync("a", change: s => s with { Digest = Digests.Of("x") }))).Reason);
    }

    [Fact]
    public async Task What_the_schema_forbids_is_refused_at_the_door()
    {
        await using var space = await Stack.SpaceAsync();
        var missing = await Assert.ThrowsAsync<KubernetesException>(() => space.CreateAsync("a", s => s.Remove("apply")));
        Assert.Contains("type PlanAndApply needs plan and apply", missing.Message, StringComparison.Ordinal);
        await space.CreateAsync("b");
        var changed = await Assert.ThrowsAsync<KubernetesException>(() => space.PatchAsync("b", new JsonObject { ["workspace"] = "another" }));
        Assert.True(changed.IsInvalid, changed.Message);
    }
}
