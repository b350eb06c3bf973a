using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

[Collection("quiet")]
public sealed class MainJobTests(StackFixture fixture)
{
    private BerthStack Stack => fixture.Stack;

    [Fact]
    public async Task Plan_approve_apply_on_the_same_warm_slot_and_the_whole_story_in_the_database()
    {
        await using var space = await Stack.SpaceAsync();
        // tail keeps what it may have to print.
        await space.CreateAsync("a", s => s["apply"]!["command"] = TestSpace.Shell($"head -c 210000000 /dev/zero | tail -c 200000000 | wc -c; echo $BERTH_ATTEMPT a >> {space.Ledger}"));
        var planned = await space.UntilReservedAsync("a");
        Assert.Empty(space.LedgerLines());
        Assert.Equal(Reasons.Accepted, (await space.VerdictAsync(await space.DecideAsync("a"))).Reason);
        var done = await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal((planned.Status.Slot!.PodUid, planned.Status.Slot.Index, "alice"), (done.Status.Attempt!.PodUid, done.Status.Attempt.Slot, done.Status.Grant!.Approver));
        Assert.Equal([$"{done.Status.Attempt.Id} a"], space.LedgerLines());
        var written = await space.UntilAsync("a", t => t.Metadata.Finalizers is not { Count: > 0 }, "released");
        await using var history = new Berth.History.HistoryStore(Stack.Env("POSTGRES"));
        var story = await history.GetTransitionsAsync(written.Metadata.Uid);
        Assert.Equal([TaskPhase.Planning, TaskPhase.ApplyPending, TaskPhase.ApplyPending, TaskPhase.Applying, TaskPhase.Succeeded], story.Select(e => e.To));
        Assert.Equal(Enumerable.Range(1, 5).Select(i => (long)i), story.Select(e => e.Seq));
        var attempts = (await history.GetStoryAsync(written.Metadata.Uid))!.Attempts;
        Assert.Equal([AttemptKind.Plan, AttemptKind.Apply], attempts.Select(a => a.Attempt.Kind));
        Assert.All(attempts, a => Assert.True(a is { CpuSeconds: >= 0 and < 60 }, $"{a.Attempt.Kind} used {a.CpuSeconds} s"));
        Assert.InRange(attempts[1].MaxMemoryBytes ?? 0, 195_000_000, 500_000_000);
    }

    [Fact]
    public async Task What_a_task_or_its_pool_declares_secret_is_in_no_output_plan_or_history()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["policy"] = new JsonObject { ["mask"] = new JsonArray("pool-[0-9]+") } });
        await space.CreateAsync("a", s =>
        {
            s["mask"] = new JsonArray("token=[a-z0-9]+");
            // The second one comes in two pieces.
            s["plan"]!["command"] = TestSpace.Shell("echo with token=abc123 of pool-4711; printf tok; sleep 0.3; echo en=split99, and so on; echo content > plan.out");
            s["apply"]!["command"] = TestSpace.Shell($"echo applied with token=zzz999; echo $BERTH_ATTEMPT a >> {space.Ledger}");
        });
        var planned = await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => t.Status.Phase == TaskPhase.Succeeded && t.Metadata.Finalizers is not { Count: > 0 }, "succeeded and written");
        await using var history = new Berth.History.HistoryStore(Stack.Env("POSTGRES"));
        var said = "";
        for (var end = DateTime.UtcNow + TestSpace.Patience; !said.Contains("applied with", StringComparison.Ordinal); await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            Assert.True(DateTime.UtcNow < end, said);
            said = await TextAsync(await history.OpenArtifactAsync(planned.Status.Plan!.TextDigest!, TestContext.Current.CancellationToken));
            foreach (var attempt in (string[])["1", "2"])
                await foreach (var piece in history.ReadLogAsync($"{planned.Metadata.Uid}-{attempt}", cancellation: TestContext.Current.CancellationToken)) said += System.Text.Encoding.UTF8.GetString(piece.Bytes.Span);
        }
        Assert.Equal(2, said.Split("with *** of ***\n***, and so on\n").Length - 1);
        Assert.Contains("applied with ***", said, StringComparison.Ordinal);
        foreach (var secret in new[] { "abc123", "4711", "split99", "zzz999" }) Assert.DoesNotContain(secret, said, StringComparison.Ordinal);

        static async Task<string> TextAsync(Stream? bytes)
        {
            using var reader = new StreamReader(bytes!);
            return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Following_the_output_of_an_attempt_that_is_lost_ends_and_says_that_the_end_is_missing()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s =>
        {
            s["type"] = "Run";
            s.Remove("plan");
            s.Remove("apply");
            s["run"] = new JsonObject { ["command"] = TestSpace.Shell("echo first line; sleep 600") };
        });
        await using var following = BerthVerb.Start(Stack, "logs", "a", "-f", "-n", space.Name);
        await following.UntilSaysAsync("first line");
        var running = await space.GetAsync("a");
        foreach (var container in (string[])[Names.AgentContainer, Names.SlotContainer(running.Status.Slot!.Index)])
            BerthStack.Signal(await Stack.Pods.PidAsync(running.Status.Slot.Pod, container), "KILL");
        await Stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, running.Status.Slot.Pod), new DeleteOptions { GracePeriodSeconds = 0 });
        await space.UntilAsync("a", t => t.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: true }, "lost and proved dead");
        Assert.True(await following.EndAsync() == 0, following.Text);
        Assert.Contains("did not deliver the end", following.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_deleted_while_the_plan_waits_costs_nothing()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        var before = await space.UntilReservedAsync("a");
        await Stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, before.Status.Slot!.Pod));
        var after = await space.UntilReservedAsync("a", notOn: before.Status.Slot.PodUid);
        Assert.Equal((0, before.Status.Plan!.Digest), (after.Status.Resets, after.Status.Plan!.Digest));
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task A_plan_whose_source_has_changed_is_not_put_back_but_made_again()
    {
        await using var space = await Stack.SpaceAsync();
        var source = new ObjectKey(space.Name, "source");
        await Stack.Client.CreateAsync(Resources.ConfigMaps, new ConfigMap { Metadata = new ObjectMeta { Name = source.Name, Namespace = space.Name }, Data = new Dictionary<string, string> { ["in"] = "one" } }, space.Name);
        await space.CreateAsync("a", s =>
        {
            s["source"] = new JsonObject { ["configMapRef"] = new JsonObject { ["name"] = source.Name } };
            s["plan"]!["command"] = TestSpace.Shell("cat in > plan.out");
        });
        var before = await space.UntilReservedAsync("a");
        await Stack.Client.PatchAsync(Resources.ConfigMaps, source, Patch.Merge(new JsonObject { ["data"] = new JsonObject { ["in"] = "two" } }));
        await Stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, before.Status.Slot!.Pod));
        var after = await space.UntilReservedAsync("a", notOn: before.Status.Slot.PodUid);
        Assert.Contains(after.Status.History.Entries, e => e.Signal == "InputsChanged" && e.Message!.Contains("the source files", StringComparison.Ordinal));
        Assert.DoesNotContain(after.Status.History.Entries, e => e.Signal == "ReservationTaken");
        Assert.NotEqual(before.Status.Plan!.Artifacts!.Single().Digest, after.Status.Plan!.Artifacts!.Single().Digest);
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task A_runner_killed_under_a_reservation_costs_nothing()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        var before = await space.UntilReservedAsync("a");
        BerthStack.Signal(await Stack.Pods.PidAsync(before.Status.Slot!.Pod, Names.SlotContainer(before.Status.Slot.Index)), "KILL");
        var after = await space.UntilAsync("a", t => t.Status.Attempts > 1 && t.Status.Slot is { Warm: true }, "restored");
        Assert.Equal(0, after.Status.Resets);
    }

    [Fact]
    public async Task An_agent_killed_during_apply_changes_nothing()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["apply"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT a >> {space.Ledger}; sleep 3; echo end"));
        var planned = await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => space.LedgerLines().Count == 1, "started");
        BerthStack.Signal(await Stack.Pods.PidAsync(planned.Status.Slot!.Pod, Names.AgentContainer), "KILL");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task A_runner_killed_during_apply_is_fenced_and_held_for_a_person_who_has_it_planned_again()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["apply"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT a >> {space.Ledger}; test $(wc -l < {space.Ledger}) -gt 1 || sleep 300"));
        var planned = await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => space.LedgerLines().Count == 1, "started");
        BerthStack.Signal(await Stack.Pods.PidAsync(planned.Status.Slot!.Pod, Names.SlotContainer(planned.Status.Slot.Index)), "KILL");
        var lost = await space.UntilAsync("a", t => t.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: true }, "fenced");
        Assert.Equal(Reasons.ApplyOutcomeUnknown, lost.Status.Reason);
        await space.DecideAsync("a", ApprovalDecision.Replan, "bob");
        var again = await space.UntilReservedAsync("a");
        Assert.Null(again.Status.Grant);
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Distinct().Count());
    }

    [Fact]
    public async Task A_pod_killed_while_planning_is_planned_again_elsewhere()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["plan"]!["command"] = TestSpace.Shell($"echo plan >> {space.Ledger}; test $(wc -l < {space.Ledger}) -gt 1 || sleep 300; echo content > plan.out"));
        var planning = await space.UntilAsync("a", t => t.Status.Phase == TaskPhase.Planning && space.LedgerLines().Count == 1, "planning");
        BerthStack.Signal(await Stack.Pods.PidAsync(planning.Status.Attempt!.Pod, Names.SlotContainer(planning.Status.Attempt.Slot)), "KILL");
        var planned = await space.UntilReservedAsync("a");
        // A loss it is in any case; it costs no reset if other scenarios lose pods in the same half minute.
        Assert.Equal((1, true), (planned.Status.Losses, planned.Status.Resets <= 1));
    }

    [Fact]
    public async Task Stop_ends_everything_in_the_slot_and_is_sticky()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["apply"]!["command"] = TestSpace.Shell($"trap '' TERM; echo $$ >> {space.Ledger}; while true; do sleep 1; done"));
        await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => space.LedgerLines().Count == 1, "started");
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Stopped" });
        await space.UntilAsync("a", t => t.Status.Phase is TaskPhase.Stopping or TaskPhase.Stopped, "stopping");
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Running" });
        var stopped = await space.UntilAsync("a", TaskPhase.Stopped);
        Assert.Null(stopped.Status.Slot);
        // A tool that writes old values back, for as long as another task takes from beginning to end.
        foreach (var old in new[] { "Suspended", "Running" }) await space.PatchAsync("a", new JsonObject { ["desiredState"] = old });
        await space.CreateAsync("b");
        await space.UntilReservedAsync("b");
        await space.DecideAsync("b");
        await space.UntilAsync("b", TaskPhase.Succeeded);
        var still = await space.GetAsync("a");
        Assert.Equal((TaskPhase.Stopped, stopped.Status.Attempts, stopped.Status.Run), (still.Status.Phase, still.Status.Attempts, still.Status.Run));
    }

    [Fact]
    public async Task A_requeue_runs_again_with_a_new_plan_and_a_new_approval()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        await space.PatchAsync("a", new JsonObject { ["requeue"] = 1 });
        var again = await space.UntilAsync("a", t => t.Status is { Run: 2, Phase: TaskPhase.ApplyPending, Slot.Warm: true }, "planned in run 2");
        Assert.Null(again.Status.Grant);
        Assert.Single(space.LedgerLines());
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal(2, space.LedgerLines().Distinct().Count());
    }

    [Fact]
    public async Task Deleting_a_waiting_task_leaves_its_history()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        var planned = await space.UntilReservedAsync("a");
        using var client = Stack.As("admin");
        await client.DeleteAsync(Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true), new ObjectKey(space.Name, "a"));
        await using var history = new Berth.History.HistoryStore(Stack.Env("POSTGRES"));
        var end = DateTime.UtcNow + TestSpace.Patience;
        while (await history.GetTransitionsAsync(planned.Metadata.Uid) is not [.., { To: TaskPhase.Stopped }] && DateTime.UtcNow < end) await Task.Delay(100);
        Assert.Equal(TaskPhase.Stopped, (await history.GetTransitionsAsync(planned.Metadata.Uid))[^1].To);
    }

    [Fact]
    public async Task A_namespace_with_a_pool_and_a_waiting_task_can_be_deleted()
    {
        var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await space.DisposeAsync();
        var end = DateTime.UtcNow + TestSpace.Patience;
        while (await Stack.Client.TryGetAsync(Resources.Namespaces, new ObjectKey(space.Name)) is not null && DateTime.UtcNow < end) await Task.Delay(200);
        Assert.Null(await Stack.Client.TryGetAsync(Resources.Namespaces, new ObjectKey(space.Name)));
    }
}
