using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>What people type on a good and on a bad day, run as they run it; and the audit tells afterwards who did it.</summary>
[Collection("quiet")]
public sealed class VerbTests(StackFixture fixture)
{
    private BerthStack Stack => fixture.Stack;

    [Fact]
    public async Task Get_goes_on_and_shows_what_changes()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await using var watching = BerthVerb.Start(Stack, "get", "tasks", "-w", "-n", space.Name);
        await watching.UntilSaysAsync("AwaitingApproval");
        await using var names = BerthVerb.Start(Stack, "get", "tasks", "-w", "-o", "name", "-n", space.Name);
        await names.UntilSaysAsync("task.berth.dev/a");
        await space.CreateAsync("b");
        await space.DecideAsync("a");
        await watching.UntilSaysAsync("Succeeded");
        await names.UntilSaysAsync("task.berth.dev/b");
        Assert.Equal(130, await watching.InterruptAsync());
        Assert.Equal(130, await names.InterruptAsync());
        // Headings once, and the same columns in every line.
        Assert.Single(watching.Text.Split('\n'), l => l.StartsWith("NAME", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_pod_is_drained_and_a_pool_rebalanced()
    {
        await using var space = await Stack.SpaceAsync(new JsonObject { ["reservation"] = new JsonObject { ["holdFor"] = "10m" } });
        await space.CreateAsync("a");
        var before = (await space.UntilReservedAsync("a")).Status.Slot!;
        Assert.Contains("dry run", await OkAsync("pool", "drain", before.Pod, "--dry-run", "-n", space.Name), StringComparison.Ordinal);
        Assert.Contains("holds nothing any more", await OkAsync("pool", "drain", before.Pod, "--comment", "new disks", "--wait", "120", "-n", space.Name), StringComparison.Ordinal);
        Assert.NotEqual(before.PodUid, (await space.UntilReservedAsync("a", notOn: before.PodUid)).Status.Slot!.PodUid);
        Assert.Contains("rebalanced", await OkAsync("pool", "rebalance", "pool", "--wait", "120", "-n", space.Name), StringComparison.Ordinal);
        Assert.Equal(3, (await BerthVerb.RunAsync(Stack, "pool", "drain", "nosuch", "-n", space.Name)).Code);
        await AuditedAsync(space.Name, "pool drain", before.Pod, "new disks");
        await AuditedAsync(space.Name, "pool rebalance", "pool");
        await OkAsync("ack", "a", "--pool", "pool", "--comment", "seen", "-n", space.Name);
        await AuditedAsync(space.Name, "ack", "a", "seen");
        await AuditedAsync(space.Name, "ack", "pool", "seen");
        Assert.Equal(2, (await BerthVerb.RunAsync(Stack, "ack", "-n", space.Name)).Code);
    }

    [Fact]
    public async Task Stuck_tasks_are_stopped_and_zombies_deleted_after_they_were_shown()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("stuck", s => s["poolRef"]!["name"] = "nosuch");
        await space.CreateAsync("fine");
        await space.UntilReservedAsync("fine");
        await space.UntilAsync("stuck", t => t.Status.Conditions.Any(c => c is { Type: "Stalled", Status: ConditionStatus.True }), "stalled");
        var approval = await space.DecideAsync("fine", change: s => s with { TaskRef = s.TaskRef with { Name = "gone", Uid = Guid.NewGuid().ToString() } });
        await Stack.Client.CreateAsync(Resources.Pods, new Pod
        {
            Metadata = new ObjectMeta { Name = "orphan", Namespace = space.Name, Labels = new Dictionary<string, string> { [Names.PoolLabel] = "nosuch" } },
            Spec = new PodSpec { Containers = [new Container { Name = "c", Image = "host" }] },
        }, space.Name);
        string[] all = ["cleanup", "--stuck", "--zombies", "--after", "0s", "-n", space.Name];
        var shown = await OkAsync([.. all, "--dry-run"]);
        foreach (var what in new[] { $"{space.Name}/stuck", $"{space.Name}/orphan", $"{space.Name}/{approval}" }) Assert.Contains(what, shown, StringComparison.Ordinal);
        Assert.DoesNotContain($"task {space.Name}/fine", shown, StringComparison.Ordinal);
        // Where nobody can answer the question, nothing is done.
        Assert.Equal(2, (await BerthVerb.RunAsync(Stack, all)).Code);
        Assert.Equal(TaskPhase.Pending, (await space.GetAsync("stuck")).Status.Phase);

        await OkAsync([.. all, "--yes", "--comment", "spring"]);
        await space.UntilAsync("stuck", t => t.Status.Phase.IsTerminal(), "stopped");
        await UntilAsync(async () => await Stack.Client.TryGetAsync(Resources.Pods, new ObjectKey(space.Name, "orphan")) is not { Metadata.DeletionTimestamp: null }, "the orphan goes");
        Assert.Equal(TaskPhase.ApplyPending, (await space.GetAsync("fine")).Status.Phase);
        foreach (var name in new[] { "stuck", "orphan", approval }) await AuditedAsync(space.Name, "cleanup", name, "spring");
        Assert.Contains("stuck tasks: none", await OkAsync("cleanup", "--stuck", "--after", "0s", "--yes", "-n", space.Name), StringComparison.Ordinal);
    }

    // Long: operators that stood still for a while may find that they no longer lead, and begin anew.
    [Fact, Trait("Suite", "Long")]
    public async Task What_only_finalizers_hold_is_freed_when_no_operator_does_it()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("held");
        await space.UntilReservedAsync("held");
        // Both replicas stand still, as if they were gone for good.
        foreach (var pid in Stack.OperatorPids()) BerthStack.Signal(pid, "STOP");
        try
        {
            await Stack.Client.DeleteAsync(Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true), new ObjectKey(space.Name, "held"));
            Assert.NotNull((await space.GetAsync("held")).Metadata.DeletionTimestamp);
            Assert.Contains("none", await OkAsync("cleanup", "--finalizers", "--after", "1h", "--yes", "-n", space.Name), StringComparison.Ordinal);
            Assert.Contains($"{space.Name}/held", await OkAsync("cleanup", "--finalizers", "--after", "0s", "--dry-run", "-n", space.Name), StringComparison.Ordinal);
            Assert.Contains("1/1", await OkAsync("cleanup", "--finalizers", "--after", "0s", "--yes", "-n", space.Name), StringComparison.Ordinal);
            Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => space.GetAsync("held"))).IsNotFound);
        }
        finally
        {
            foreach (var pid in Stack.OperatorPids()) BerthStack.Signal(pid, "CONT");
        }
    }

    [Fact]
    public async Task Old_history_goes_when_asked_for()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("over");
        await space.UntilReservedAsync("over");
        await space.DecideAsync("over", ApprovalDecision.Reject);
        await space.UntilAsync("over", TaskPhase.Rejected);
        string[] cleanup = ["cleanup", "--older-than", "90d", "--postgres", Stack.Env("POSTGRES"), "-n", space.Name];
        Assert.Contains("nothing to remove", await OkAsync([.. cleanup, "--dry-run"]), StringComparison.Ordinal);
        Assert.Contains("nothing to remove", await OkAsync([.. cleanup, "--yes"]), StringComparison.Ordinal);
        Assert.Equal(2, (await BerthVerb.RunAsync(Stack, "cleanup", "--older-than", "soon", "--yes")).Code);
        await UntilAsync(async () => (await OkAsync("history", "over", "-n", space.Name)).Contains("Rejected", StringComparison.Ordinal), "the story is still there");
    }

    [Fact]
    public async Task Another_replica_leads_when_the_lease_is_taken()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        var before = JsonNode.Parse(await OkAsync("leader", "status", "-o", "json"))!;
        Assert.Contains("leads now", await OkAsync("leader", "transfer", "--yes", "--comment", "new node"), StringComparison.Ordinal);
        var after = JsonNode.Parse(await OkAsync("leader", "status", "-o", "json"))!;
        Assert.NotEqual((string?)before["identity"], (string?)after["identity"]);
        Assert.True((int)after["epoch"]! > (int)before["epoch"]!, $"epoch {before["epoch"]} before, {after["epoch"]} after");
        await space.DecideAsync("a");
        Assert.Equal((0, 1), (await space.UntilAsync("a", TaskPhase.Succeeded)) is var done ? (done.Status.Losses, space.LedgerLines().Count) : default);
        await Stack.UntilReadyAsync();
        await AuditedAsync("berth-system", "leader transfer", "berth-operator", "new node");
    }

    private async Task<string> OkAsync(params string[] arguments)
    {
        var (code, text) = await BerthVerb.RunAsync(Stack, arguments);
        Assert.True(code == 0, $"berth {string.Join(' ', arguments)} ended with {code}: {text}");
        return text;
    }

    private async Task AuditedAsync(string ns, string verb, string name, string? comment = null)
    {
        using var http = new HttpClient();
        var address = new Uri($"{Stack.Env("OPERATOR_URLS").Split(' ')[0]}/apis/view.berth.dev/v1alpha1/namespaces/{ns}/actions?verb={Uri.EscapeDataString(verb)}");
        var seen = "";
        await UntilAsync(async () =>
        {
            using var answer = await http.GetAsync(address);
            seen = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode && JsonNode.Parse(seen)!.AsArray().Any(a => (string?)a!["name"] == name && (string?)a["actor"] is { Length: > 0 } && (comment is null || a.ToJsonString().Contains(comment, StringComparison.Ordinal)));
        }, $"the audit tells of {verb} {name}", () => seen);
    }

    private async Task UntilAsync(Func<Task<bool>> holds, string what, Func<string>? last = null)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; !await holds(); await Task.Delay(200))
            Assert.True(DateTime.UtcNow < end, $"not in time: {what}\n{last?.Invoke()}\n{Stack.Logs()}");
    }
}
