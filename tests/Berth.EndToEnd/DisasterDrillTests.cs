using System.Text.Json.Nodes;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>The bad day, practised: the database is lost, then both, then the cluster. Nothing is applied again by itself, and everything is told.</summary>
public sealed class DisasterDrillTests
{
    private static readonly ResourceType<TaskResource> Tasks = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => new(t.Metadata.Namespace, t.Metadata.Name, t.Metadata.Uid, t.Metadata.ResourceVersion));

    [Fact, Trait("Suite", "Long")]
    public async Task What_was_lost_comes_back_over_or_suspended()
    {
        await using var first = await BerthStack.StartAsync(replicas: 1);
        await using var space = await first.SpaceAsync();
        await space.CreateAsync("done");
        await space.CreateAsync("waiting");
        await space.UntilReservedAsync("done");
        await space.DecideAsync("done");
        var done = await space.UntilAsync("done", t => t.Status.Phase == TaskPhase.Succeeded && t.Metadata.Finalizers is not { Count: > 0 }, "succeeded and written");
        var waiting = await space.UntilReservedAsync("waiting");
        var archive = Path.Combine(first.Directory, "backup.zip");
        Ok(await BerthAsync(first, "backup", archive));
        Assert.Contains("whole", Ok(await BerthAsync(first, "verify", archive)));
        Assert.Contains("No difference", Ok(await BerthAsync(first, "verify")));

        // The database is lost; the cluster goes on, and begins a history anew in an empty one. What it no longer holds comes from the archive.
        await first.Postgres.ExecuteAsync($"drop database {Database(first)} with (force)");
        await first.Postgres.ExecuteAsync($"create database {Database(first)}");
        await using (var anew = new HistoryStore(first.Env("POSTGRES")))
            await UntilAsync(async () => await anew.GetStoryAsync(waiting.Metadata.Uid) is { } story && story.Task.Phase == nameof(TaskPhase.ApplyPending), "the operator begins anew");
        Assert.NotEqual(0, (await BerthAsync(first, "verify")).Code);
        // Its plan is on its slot alone now, and says so; with the backup it survives its pod again.
        await UntilAsync(first, space.Name, "waiting", t => t.Status.Plan is { Stored: false } && t.Status.Conditions.Any(c => c.Type == "PlanStored" && c.Message?.Contains("berth restore", StringComparison.Ordinal) == true), "told that its plan is lost");
        Assert.Contains("--merge", (await BerthAsync(first, "restore", archive, "--history-only", "--yes")).Text);
        Ok(await BerthAsync(first, "restore", archive, "--history-only", "--merge", "--yes"));
        await UntilOkAsync(() => BerthAsync(first, "verify"));
        await space.UntilReservedAsync("waiting");
        await using (var history = new HistoryStore(first.Env("POSTGRES")))
        {
            Assert.Equal(done.Status.History.Seq, (await history.GetTransitionsAsync(done.Metadata.Uid)).Count);
            Assert.Contains((await history.GetStoryAsync(done.Metadata.Uid))!.Audit, a => a is { Verb: "approve", Actor: "alice", Outcome: "Accepted" });
        }

        // Both are lost: an empty cluster and an empty database.
        await using var second = await BerthStack.StartAsync(replicas: 1);
        var refused = await BerthAsync(first, "restore", archive, "--yes");
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("tasks: 1 that are over, 1 suspended", Ok(await BerthAsync(second, "restore", archive, "--dry-run")));
        Assert.Empty((await second.Client.ListAsync(Tasks, space.Name)).Items);
        Ok(await BerthAsync(second, "restore", archive, "--yes"));
        await CheckAsync(second, space, done, waiting);

        // The cluster is lost; the database, which now knows more than the archive, is there.
        foreach (var pid in second.OperatorPids()) BerthStack.Signal(pid, "STOP");
        foreach (var task in (await second.Client.ListAsync(Tasks, space.Name)).Items) await ForceAwayAsync(second, task);
        foreach (var pid in second.OperatorPids()) BerthStack.Signal(pid, "CONT");
        // A first restore broke off before it could say of the one task how it had ended.
        await second.Client.CreateAsync(Tasks, new TaskResource
        {
            Metadata = new ResourceMeta { Name = "done", Namespace = space.Name, Annotations = new Dictionary<string, string> { [Names.RestoredFromAnnotation] = done.Metadata.Uid, [Names.RestoringAnnotation] = "true" } },
            Spec = done.Spec with { DesiredState = DesiredState.Suspended },
        }, space.Name);
        Assert.Contains("ClusterMissing", (await BerthAsync(second, "verify")).Text);
        Ok(await BerthAsync(second, "restore", archive, "--resources-only", "--yes"));
        await CheckAsync(second, space, done, waiting);
        Assert.Contains("restored before: 2", Ok(await BerthAsync(second, "restore", archive, "--resources-only", "--yes")));
        Assert.Single(space.LedgerLines());
    }

    private static async Task CheckAsync(BerthStack stack, TestSpace space, TaskResource done, TaskResource waiting)
    {
        var back = await stack.Client.GetAsync(Tasks, new ObjectKey(space.Name, "done"));
        Assert.Equal((TaskPhase.Succeeded, done.Metadata.Uid), (back.Status.Phase, back.Metadata.Annotations![Names.RestoredFromAnnotation]));
        var paused = await UntilAsync(stack, space.Name, "waiting", t => t.Status.Reason == Reasons.Suspended, "suspended");
        Assert.Equal((TaskPhase.Pending, DesiredState.Suspended, true, true), (paused.Status.Phase, paused.Spec.DesiredState, paused.Status.Grant is null, paused.Status.Plan is null));
        Assert.NotEqual(waiting.Metadata.Uid, paused.Metadata.Uid);
        // What was before is told by the same name, and the plan of what is over is still shown.
        Assert.Contains(done.Metadata.Uid, Ok(await BerthAsync(stack, "history", "done", "-n", space.Name)));
        Assert.Contains("planning", Ok(await BerthAsync(stack, "plan", "done", "-n", space.Name)));
        Assert.NotEmpty(Ok(await BerthAsync(stack, "logs", "done", "-n", space.Name)));
        Assert.Single(space.LedgerLines());
        await UntilOkAsync(() => BerthAsync(stack, "verify"));
    }

    private static async Task ForceAwayAsync(BerthStack stack, TaskResource task)
    {
        var key = new ObjectKey(task.Metadata.Namespace, task.Metadata.Name);
        await stack.Client.DeleteAsync(Tasks, key);
        if (await stack.Client.TryGetAsync(Tasks, key) is not null)
            await stack.Client.PatchAsync(Tasks, key, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }));
    }

    private static async Task<TaskResource> UntilAsync(BerthStack stack, string ns, string name, Func<TaskResource, bool> condition, string what)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(100))
        {
            var task = await stack.Client.GetAsync(Tasks, new ObjectKey(ns, name));
            if (condition(task)) return task;
            if (DateTime.UtcNow > end) throw new TimeoutException($"{name} did not become {what}: {task.Status.Phase} {task.Status.Reason} {task.Status.Message}\n{stack.Logs(40)}");
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + 2 * TestSpace.Patience; ; await Task.Delay(500))
        {
            try
            {
                if (await condition()) return;
            }
            catch (HistoryUnavailableException) when (DateTime.UtcNow < end)
            {
                // It has no schema yet.
            }
            if (DateTime.UtcNow > end) throw new TimeoutException($"it did not come true that {what}");
        }
    }

    private static async Task UntilOkAsync(Func<Task<(int Code, string Text)>> verb)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(500))
        {
            var answer = await verb();
            if (answer.Code == 0) return;
            Assert.True(DateTime.UtcNow < end, answer.Text);
        }
    }

    private static string Database(BerthStack stack) => new Uri(stack.Env("POSTGRES")).AbsolutePath.Trim('/');

    private static string Ok((int Code, string Text) answer)
    {
        Assert.True(answer.Code == 0, $"exit code {answer.Code}: {answer.Text}");
        return answer.Text;
    }

    private static Task<(int Code, string Text)> BerthAsync(BerthStack stack, params string[] arguments) => BerthVerb.RunAsync(stack, arguments);
}
