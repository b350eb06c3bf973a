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
    public async Task A_plan_is_looked_at_and_decided_by_those_who_have_seen_it()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        var planned = await space.UntilReservedAsync("a");
        var digest = planned.Status.Plan!.Digest;
        var got = await OkAsync("get", "a", "-n", space.Name);
        foreach (var part in new[] { "why", "since", "next", $"berth approve a -n {space.Name}" }) Assert.Contains(part, got, StringComparison.Ordinal);
        var described = await OkAsync("describe", "a", "-n", space.Name);
        foreach (var part in new[] { digest, "PlanStored", planned.Status.Slot!.Name, "of processor time" }) Assert.Contains(part, described, StringComparison.Ordinal);
        Assert.Equal("planned", (await OkAsync("plan", "a", "-o", "counts", "-n", space.Name)).Trim());
        var document = JsonNode.Parse(await OkAsync("plan", "a", "-o", "json", "-n", space.Name))!;
        Assert.Equal((digest, true), ((string?)document["digest"], ((string?)document["text"])!.Contains("planning", StringComparison.Ordinal)));
        Assert.Contains("Reserved", await OkAsync("slots", "-n", space.Name), StringComparison.Ordinal);
        Assert.Contains("1 busy slots", await OkAsync("top", "-n", space.Name), StringComparison.Ordinal);

        // Without an answer nothing is decided; another plan's digest decides nothing; a dry run records nothing.
        Assert.Equal(2, (await BerthVerb.RunAsync(Stack, "approve", "a", "-n", space.Name)).Code);
        var other = await BerthVerb.RunAsync(Stack, "approve", "a", "--digest", "0123456789ab", "-n", space.Name);
        Assert.Equal((4, true), (other.Code, other.Text.Contains("berth plan a", StringComparison.Ordinal)));
        Assert.Contains("dry run", await OkAsync("approve", "a", "--dry-run", "-n", space.Name), StringComparison.Ordinal);
        Assert.Null((await space.GetAsync("a")).Status.Grant);
        var approved = await OkAsync("approve", "a", "--digest", digest["sha256:".Length..][..12], "--comment", "looks right", "-n", space.Name);
        foreach (var part in new[] { "planning", "plan.out", "accepted" }) Assert.Contains(part, approved, StringComparison.Ordinal);
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal(3, (await BerthVerb.RunAsync(Stack, "approve", "a", "--yes", "-n", space.Name)).Code);
        Assert.Contains("content", await OkAsync("logs", "a", "-f", "-n", space.Name), StringComparison.Ordinal);
        await AuditedAsync(space.Name, "approve", "a", "looks right");
        var story = await OkAsync("history", "a", "-n", space.Name);
        foreach (var part in new[] { "looks right", "ATTEMPTS", "MEMORY", "ARTIFACTS" }) Assert.Contains(part, story, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_is_held_still_rejected_and_run_again()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        Assert.Contains("berth resume a", await OkAsync("suspend", "a", "-n", space.Name), StringComparison.Ordinal);
        await space.UntilAsync("a", t => t.Status.Reason == Reasons.Suspended, "suspended");
        await OkAsync("resume", "a", "-n", space.Name);
        Assert.Equal(3, (await BerthVerb.RunAsync(Stack, "resume", "a", "-n", space.Name)).Code);
        await space.UntilReservedAsync("a");
        Assert.Contains("accepted", await OkAsync("reject", "a", "--yes", "--comment", "too much", "-n", space.Name), StringComparison.Ordinal);
        await space.UntilAsync("a", TaskPhase.Rejected);
        Assert.Equal(3, (await BerthVerb.RunAsync(Stack, "stop", "a", "--yes", "-n", space.Name)).Code);
        Assert.Contains("run 2", await OkAsync("requeue", "a", "-n", space.Name), StringComparison.Ordinal);
        await space.UntilAsync("a", t => t.Status is { Run: 2, Phase: TaskPhase.ApplyPending, Plan: not null }, "planned again");
        Assert.Contains("Stopped", await OkAsync("stop", "a", "--yes", "-n", space.Name), StringComparison.Ordinal);
        foreach (var verb in new[] { "suspend", "resume", "reject", "requeue", "stop" }) await AuditedAsync(space.Name, verb, "a");

        // The same filters choose for a list, for statistics and for a file; one that means nothing is refused.
        string[] stopped = ["--phase", "Stopped", "-n", space.Name];
        Assert.Single(JsonNode.Parse(await OkAsync(["history", .. stopped, "-o", "json"]))!.AsArray());
        Assert.Equal(1, (int)JsonNode.Parse(await OkAsync(["history", "--statistics", .. stopped, "-o", "json"]))!["tasks"]!);
        Assert.Equal(0, (int)JsonNode.Parse(await OkAsync("history", "--statistics", "--phase", "Succeeded", "-n", space.Name, "-o", "json"))!["tasks"]!);
        Assert.Equal(2, (await OkAsync(["history", .. stopped, "-o", "csv"])).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\n- ", await OkAsync(["history", .. stopped, "-o", "yaml"]), StringComparison.Ordinal);
        Assert.Equal(2, (await BerthVerb.RunAsync(Stack, "history", "--actions", "--pool", "pool", "-n", space.Name)).Code);
        Assert.Contains("too much", await OkAsync("history", "a", "--actions", "-n", space.Name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_where_nothing_is()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await Stack.UntilReadyAsync();
        string[] must = ["API access", "CRDs", "rights", "leader", "views", "database", "loops", "clocks", "certificates"];
        var said = "";
        await UntilAsync(async () =>
        {
            said = (await BerthVerb.RunAsync(Stack, "doctor", "-o", "json", "-n", space.Name)).Text;
            var findings = JsonNode.Parse(said)!["findings"]!.AsArray();
            return must.All(c => findings.Any(f => (string?)f!["check"] == c)) && findings.All(f => !must.Contains((string?)f!["check"]) || (string?)f["verdict"] == "ok");
        }, "all of these checks are well", () => said);
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
            var done = await OkAsync("cleanup", "--finalizers", "--after", "0s", "--yes", "--comment", "gone for good", "-n", space.Name);
            Assert.Contains("1/1", done, StringComparison.Ordinal);
            Assert.Contains("audit: kept in ConfigMap berth-system/berth-outbox-audit-", done, StringComparison.Ordinal);
            Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => space.GetAsync("held"))).IsNotFound);
        }
        finally
        {
            foreach (var pid in Stack.OperatorPids()) BerthStack.Signal(pid, "CONT");
        }
        // The next operator finds what was done without one.
        await Stack.UntilReadyAsync();
        await AuditedAsync(space.Name, "cleanup", "held", "gone for good");
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
