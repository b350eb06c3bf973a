using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>What holds work back besides slots, and pools that cannot run anything.</summary>
[Collection("pools")]
public sealed class PoolHoldTests(PoolsFixture fixture, ITestOutputHelper output)
{
    private const string Always = """[{"name": "change-freeze", "schedule": "* * * * *", "duration": "48h", "reason": "year end"}]""";

    [Fact]
    public async Task A_freeze_of_the_pool_holds_applies_and_runs_and_not_plans()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["freezeWindows"] = JsonNode.Parse(Always) });
        await space.CreateAsync("a");
        await space.CreateAsync("run", s => { s["type"] = "Run"; s.Remove("plan"); s.Remove("apply"); s["run"] = new JsonObject { ["command"] = TestSpace.Shell("true") }; });
        await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        var held = await space.UntilAsync("a", t => t.Status is { Reason: Reasons.FreezeWindow, Grant: not null }, "held");
        Assert.Contains("year end", held.Status.Message!, StringComparison.Ordinal);
        Assert.Contains("lasts until 20", held.Status.Message!, StringComparison.Ordinal);
        await space.UntilAsync("run", t => t.Status.Reason == Reasons.FreezeWindow, "held");
        await space.PatchPoolAsync(new JsonObject { ["freezeWindows"] = null });
        await space.UntilAsync("a", TaskPhase.Succeeded);
        await space.UntilAsync("run", TaskPhase.Succeeded);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task An_approved_task_in_a_freeze_gives_its_slot_up_after_a_while_and_takes_one_again()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["reservation"] = new JsonObject { ["holdFor"] = "3s" } });
        await fixture.AnnotateNamespaceAsync(space, Names.FreezeWindowsAnnotation, Always);
        await space.CreateAsync("a");
        await space.UntilAsync("a", t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: true }, "planned");
        await space.DecideAsync("a");
        await space.UntilAsync("a", t => t.Status is { Slot: null, Grant: not null, Reason: Reasons.FreezeWindow }, "without a slot");
        await fixture.AnnotateNamespaceAsync(space, Names.FreezeWindowsAnnotation, null);
        await space.UntilAsync("a", TaskPhase.Succeeded);
    }

    [Fact]
    public async Task A_window_that_cannot_be_read_holds_and_says_why()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await fixture.AnnotateNamespaceAsync(space, Names.FreezeWindowsAnnotation, """[{"name": "typo", "schedule": "0 25 * * *", "duration": "1h"}]""");
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await space.DecideAsync("a");
        var held = await space.UntilAsync("a", t => t.Status.Reason == Reasons.InvalidWindow, "held");
        Assert.Contains("is no hour", held.Status.Message!, StringComparison.Ordinal);
        await fixture.AnnotateNamespaceAsync(space, Names.FreezeWindowsAnnotation, null);
        await space.UntilAsync("a", TaskPhase.Succeeded);
    }

    [Fact]
    public async Task A_limit_of_the_namespace_is_kept_and_said()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await fixture.AnnotateNamespaceAsync(space, Names.LimitsAnnotation, """{"tasks": 1}""");
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        await space.CreateAsync("b");
        var waiting = await space.UntilAsync("b", t => t.Status.Reason == Reasons.LimitReached, "told");
        Assert.Contains(space.Name, waiting.Status.Message!, StringComparison.Ordinal);
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        await space.UntilReservedAsync("b");
    }

    [Fact]
    public async Task A_namespace_that_keeps_as_much_as_it_may_begins_nothing_new_and_applies_what_is_approved()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await space.CreateAsync("a", s => s["plan"]!["command"] = TestSpace.Shell("head -c 20000 /dev/urandom > plan.out; echo +1"));
        await space.UntilAsync("a", t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: true }, "planned and stored");
        await fixture.AnnotateNamespaceAsync(space, Names.LimitsAnnotation, """{"storage": "10Ki"}""");
        var told = await FirstHeldAsync(space);
        Assert.Contains("in the history", (await space.GetAsync(told)).Status.Message!, StringComparison.Ordinal);
        await space.DecideAsync("a");
        await space.UntilAsync("a", TaskPhase.Succeeded);
        Assert.Equal(Reasons.LimitReached, (await space.GetAsync(told)).Status.Reason);
        await fixture.AnnotateNamespaceAsync(space, Names.LimitsAnnotation, """{"storage": "1Gi"}""");
        await space.UntilAsync(told, TaskPhase.Succeeded);
    }

    /// <summary>Creates tasks until one is held back: the first may begin before the database has answered.</summary>
    private static async Task<string> FirstHeldAsync(TestSpace space)
    {
        for (var i = 0; i < 60; i++)
        {
            var name = await space.CreateAsync($"look{i}", s => { s["type"] = "Plan"; s.Remove("apply"); s["plan"] = new JsonObject { ["command"] = TestSpace.Shell("true") }; });
            if ((await space.UntilAsync(name, t => t.Status.Reason == Reasons.LimitReached || t.Status.Phase.IsTerminal(), "held or over")).Status.Reason == Reasons.LimitReached) return name;
        }
        throw new TimeoutException("sixty tasks began in a namespace that keeps more than it may");
    }

    [Fact]
    public async Task A_newer_task_that_supersedes_discards_the_unapproved_plan_of_its_workspace()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await space.CreateAsync("old", s => s["workspace"] = "net");
        await space.UntilReservedAsync("old");
        await space.CreateAsync("new", s => { s["workspace"] = "net"; s["supersede"] = true; });
        var ended = await space.UntilAsync("old", TaskPhase.Expired);
        Assert.Equal(Reasons.Superseded, ended.Status.Reason);
        Assert.Contains("new", ended.Status.Message!, StringComparison.Ordinal);
        await space.UntilReservedAsync("new");
        await space.DecideAsync("new");
        await space.UntilAsync("new", TaskPhase.Succeeded);
        Assert.Single(space.LedgerLines());
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_told_to_every_waiting_task_and_makes_no_storm()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["replicas"] = 20, ["template"] = Template("does-not-exist/nowhere:1") });
        await space.CreateAsync("a");
        await space.CreateAsync("b");
        foreach (var name in (string[])["a", "b"])
        {
            var told = await space.UntilAsync(name, t => t.Status.Reason == Reasons.PoolNotReady && t.Status.Message!.Contains(Reasons.ImagePullFailed, StringComparison.Ordinal), "told");
            Assert.Contains("does-not-exist/nowhere:1", told.Status.Message!, StringComparison.Ordinal);
        }
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "Ready", Status: ConditionStatus.False, Reason: Reasons.ImagePullFailed }), "not ready for that reason");
        await space.PatchPoolAsync(new JsonObject { ["replicas"] = 1, ["template"] = Template("host") });
        await space.UntilReservedAsync("a");
        await space.UntilReservedAsync("b");
    }

    [Theory, Trait("Suite", "Long")]
    [InlineData(403, 20)]
    [InlineData(500, 40)]
    // Once a second, as its Retry-After says.
    [InlineData(429, 90)]
    public async Task However_the_server_refuses_pods_for_a_minute_it_is_not_stormed(int code, int most)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG") is { Length: > 0 }, "needs the dev cluster's faults");
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["replicas"] = 0 });
        await fixture.Stack.FaultAsync("", new JsonObject { ["action"] = "Error", ["verb"] = "create", ["resource"] = "pods", ["namespace"] = space.Name, ["code"] = code });
        try
        {
            var before = await AskedAsync(code);
            await space.PatchPoolAsync(new JsonObject { ["replicas"] = 20 });
            var end = DateTime.UtcNow.AddSeconds(60);
            await fixture.UntilAsync(() => Task.FromResult(DateTime.UtcNow >= end), "a minute");
            var asked = await AskedAsync(code) - before;
            output.WriteLine($"{code}: asked {asked} times in a minute for 20 pods");
            Assert.InRange(asked, 2, most);
            Assert.Empty(await fixture.PodsAsync(space));
        }
        finally
        {
            await fixture.Stack.ClearFaultsAsync();
        }
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space)).Count == 20, "all pods, once they are let in");
        await space.PatchPoolAsync(new JsonObject { ["replicas"] = 0 });
    }

    /// <summary>How often the operator was answered in this way when it created something: only pods are refused so.</summary>
    private async Task<double> AskedAsync(int code)
    {
        using var http = new HttpClient();
        // Whichever replica leads.
        var pages = await Task.WhenAll(fixture.Stack.Env("METRICS_URLS").Split(' ').Select(u => http.GetStringAsync(new Uri(u))));
        return pages.SelectMany(p => p.Split('\n')).Where(l => l.StartsWith("rest_client_requests_total{", StringComparison.Ordinal) && l.Contains($"code=\"{code}\"", StringComparison.Ordinal) && l.Contains("method=\"create\"", StringComparison.Ordinal)).Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_missing_volume_is_told_by_the_pool_and_its_waiting_tasks_until_it_is_there()
    {
        var template = Template("host");
        template["spec"]!["volumes"] = new JsonArray(new JsonObject { ["name"] = "keys", ["secret"] = new JsonObject { ["secretName"] = "not-yet" } });
        template["spec"]!["containers"]![0]!["volumeMounts"] = new JsonArray(new JsonObject { ["name"] = "keys", ["mountPath"] = "/keys", ["readOnly"] = true });
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["template"] = template });
        await space.CreateAsync("a");
        var told = await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotReady && t.Status.Message!.Contains(Reasons.VolumeMissing, StringComparison.Ordinal), "told");
        Assert.Contains("not-yet", told.Status.Message!, StringComparison.Ordinal);
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "Ready", Status: ConditionStatus.False, Reason: Reasons.VolumeMissing }), "not ready for that reason");
        await fixture.Stack.Client.CreateAsync(Resources.Dynamic("", "v1", "secrets", "Secret", true), new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "not-yet" } }, space.Name);
        await space.UntilReservedAsync("a");
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "Ready", Status: ConditionStatus.True }), "ready");
    }

    [Fact]
    public async Task A_pod_that_fits_on_no_node_is_told_by_the_pool_and_its_waiting_tasks_until_it_does()
    {
        var template = Template("host");
        template["spec"]!["nodeSelector"] = new JsonObject { ["example.com/nowhere"] = "true" };
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["template"] = template });
        await space.CreateAsync("a");
        var told = await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotReady && t.Status.Message!.Contains(Reasons.Unschedulable, StringComparison.Ordinal), "told");
        Assert.Contains("nodes are available", told.Status.Message!, StringComparison.Ordinal);
        await fixture.UntilPoolAsync(space, p => p.Status.Conditions.Any(c => c is { Type: "Ready", Status: ConditionStatus.False, Reason: Reasons.Unschedulable }), "not ready for that reason");
        await space.PatchPoolAsync(new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["nodeSelector"] = null } } });
        await space.UntilReservedAsync("a");
        Assert.Single(await fixture.PodsAsync(space));
    }

    [Fact]
    public async Task A_missing_service_account_is_said_and_asked_for_with_growing_pauses()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["template"] = Template("host", "nobody") });
        await space.CreateAsync("a");
        var told = await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotReady, "told");
        Assert.Contains(Reasons.MissingPermission, told.Status.Message!, StringComparison.Ordinal);
        Assert.Contains("nobody", told.Status.Message!, StringComparison.Ordinal);
        await fixture.Stack.Client.CreateAsync(Resources.Dynamic("", "v1", "serviceaccounts", "ServiceAccount", true), new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "nobody" } }, space.Name);
        await space.UntilReservedAsync("a");
    }

    [Fact]
    public async Task A_quota_without_room_is_said_with_the_servers_words_and_no_storm_of_requests()
    {
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["replicas"] = 0 });
        var quotas = Resources.Dynamic("", "v1", "resourcequotas", "ResourceQuota", true);
        await fixture.Stack.Client.CreateAsync(quotas, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ResourceQuota", ["metadata"] = new JsonObject { ["name"] = "none" }, ["spec"] = new JsonObject { ["hard"] = new JsonObject { ["pods"] = "0" } } }, space.Name);
        await space.PatchPoolAsync(new JsonObject { ["replicas"] = 5, ["template"] = Template("host") is var t ? With(t) : null });
        await space.CreateAsync("a");
        var told = await space.UntilAsync("a", t => t.Status.Reason == Reasons.PoolNotReady && t.Status.Message!.Contains(Reasons.QuotaExceeded, StringComparison.Ordinal), "told");
        Assert.Contains("exceeded quota", told.Status.Message!, StringComparison.Ordinal);
        Assert.Empty(await fixture.PodsAsync(space));
        await fixture.Stack.Client.DeleteAsync(quotas, new ObjectKey(space.Name, "none"));
        await space.UntilReservedAsync("a");

        // Another template, so that the API server is asked anew.
        static JsonObject With(JsonObject template)
        {
            template["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["example.com/version"] = "2" } };
            return template;
        }
    }

    private static JsonObject Template(string image, string? account = null)
    {
        var spec = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "task", ["image"] = image }) };
        if (account is not null) spec["serviceAccountName"] = account;
        return new JsonObject { ["spec"] = spec };
    }
}
