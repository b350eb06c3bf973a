using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The chart installed with RBAC enforced, the operator a pod under the chart's service account: a missing permission fails a test.</summary>
public sealed class InstallTests
{
    private const string Team = "team";

    public static TheoryData<string> Helm => [Tool.All("helm").First().Data];

    // Every Helm in the mode for the whole cluster; the other mode differs in names and scope alone, which no Helm sees differently.
    public static TheoryData<string, bool> Modes => [.. Tool.All("helm").Select((h, i) => (h.Data, i)).SelectMany(h => h.i == 0 ? new[] { (h.Data, false), (h.Data, true) } : [(h.Data, false)])];

    [Theory, MemberData(nameof(Modes)), Trait("Suite", "Long")]
    public async Task A_task_is_planned_approved_and_applied_with_the_rights_of_the_chart_alone(string helm, bool namespaced)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        foreach (var ns in new[] { Team, "other", "elsewhere" }) await site.AdminAsync("create", "namespace", ns);
        var scope = namespaced ? new[] { "--set", $"watchNamespaces={{{Team},other}}", "--set", "view.withWatchNamespaces=true" } : [];
        await site.InstallAsync([.. site.Values(), .. scope]);
        await site.RolledOutAsync();
        var (alice, bob) = (await site.UserAsync("alice"), await site.UserAsync("bob"));
        await site.AdminAsync("-n", Team, "create", "rolebinding", "edit", "--clusterrole=edit", "--user=alice");
        await site.AdminAsync("-n", Team, "create", "rolebinding", "approver", "--clusterrole=" + (namespaced ? "berth-approver-team" : "berth-approver"), "--user=bob");

        // Where the restricted pod security standard is enforced, as an API server of Kubernetes' own does: the template says no more than that it is not root.
        await site.AdminAsync("label", "namespace", Team, "pod-security.kubernetes.io/enforce=restricted");
        await site.CreateAsync(alice, Team, Work.Pool(security: "securityContext: {runAsNonRoot: true}, "));
        await site.AdminAsync("-n", Team, "create", "configmap", "settings", "--from-literal=COLOUR=blue");
        await site.CreateAsync(alice, Team, Work.Task("t", "alice", more: ", envFrom: [{configMapRef: {name: settings}}]"));
        await site.WaitAsync(Team, "task/t", "jsonpath={.status.reason}=AwaitingApproval");
        // Who approves, and nothing else, reads what is to be applied.
        if (site.HasViews) await site.UntilAsync(async () => await site.PrintedAsync(bob, "get", "--raw", $"/apis/view.berth.dev/v1alpha1/namespaces/{Team}/tasks/t/plan") == "change\n", "the approver reads the plan");
        await site.CreateAsync(bob, Team, Work.Approval("bob", await site.GetAsync(Team, "task/t")));
        await site.WaitAsync(Team, "task/t", "condition=Succeeded");

        // So in every namespace that is watched, and in no other.
        foreach (var ns in new[] { "other", "elsewhere" })
        {
            await site.CreateAsync(site.Admin, ns, Work.Pool());
            await site.CreateAsync(site.Admin, ns, Work.Run("r", "w", "true", ttl: "1h"));
        }
        await site.WaitAsync("other", "task/r", "condition=Succeeded");
        if (namespaced) Assert.Null((await site.GetAsync("elsewhere", "task/r"))["status"]);
        else await site.WaitAsync("elsewhere", "task/r", "condition=Succeeded");

        // Away again: finalizers off, pods gone, with nothing but the chart's rights.
        await site.CreateAsync(alice, Team, Work.Run("quick", "other", "true", ttl: "1s"));
        await site.WaitAsync(Team, "task/quick", "delete");
        await site.KubectlAsync(alice, "-n", Team, "delete", "task/t", "agentpool/pool", "--timeout=60s");
        await site.UntilAsync(async () => (await site.AdminAsync("-n", Team, "get", "pods", "-o", "name")).Trim().Length == 0, "no pod is left");
        Assert.Empty(site.Denied);
    }

    [Theory, MemberData(nameof(Modes)), Trait("Suite", "Long")]
    public async Task A_Secret_is_read_only_where_the_chart_says_so_and_a_task_says_which_binding_is_missing(string helm, bool namespaced)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", Team);
        var values = site.Values().Concat(namespaced ? ["--set", $"watchNamespaces={{{Team}}}"] : []).ToArray();
        await site.InstallAsync(values);
        await site.RolledOutAsync();
        await site.AdminAsync("-n", Team, "create", "secret", "generic", "token", "--from-literal=TOKEN=s3cret-value");
        await site.CreateAsync(site.Admin, Team, Work.Pool());
        await site.CreateAsync(site.Admin, Team, Work.Run("r", "w", "test ${#TOKEN} = 12 && echo $TOKEN", more: ", envFrom: [{secretRef: {name: token}}]"));
        await site.WaitAsync(Team, "task/r", "jsonpath={.status.reason}=SecretForbidden");
        var message = (string)(await site.GetAsync(Team, "task/r"))["status"]!["message"]!;
        Assert.Contains("Secret team/token", message, StringComparison.Ordinal);
        Assert.Contains("secretNamespaces", message, StringComparison.Ordinal);
        Assert.Contains("RoleBinding", message, StringComparison.Ordinal);
        Assert.Contains("system:serviceaccount:berth-system:berth", message, StringComparison.Ordinal);
        Assert.All(site.Denied, d => Assert.Contains("cannot get resource \"secrets\"", d, StringComparison.Ordinal));

        await site.UpgradeAsync([.. values, "--set", "secretNamespaces={team}"]);
        await site.WaitAsync(Team, "task/r", "condition=Succeeded");
        var everything = await site.AdminAsync("get", "tasks,agentpools,events,configmaps", "-A", "-o", "yaml") + await site.AdminAsync("-n", Site.Namespace, "logs", "deployment/berth");
        Assert.DoesNotContain("s3cret-value", everything, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task A_runner_that_cannot_start_in_the_users_image_is_a_condition_of_the_pool_until_the_image_is_another(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", Team);
        await site.InstallAsync([.. site.Values(), "--set", "agentImage.repository=berth-agent-musl"]);
        await site.RolledOutAsync();
        await site.CreateAsync(site.Admin, Team, Work.Pool());
        await site.CreateAsync(site.Admin, Team, Work.Run("waits", "w", "true"));
        await site.UntilAsync(async () => Ready(await site.GetAsync(Team, "agentpool/pool")) is { } ready && (string?)ready["status"] == "False" && (string?)ready["reason"] == "RunnerIncompatible", "the pool says that the runner does not start");
        Assert.Contains("the runner does not start in image example.org/x:1", (string)Ready(await site.GetAsync(Team, "agentpool/pool"))!["message"]!, StringComparison.Ordinal);
        await site.UntilAsync(async () => ((string?)(await site.GetAsync(Team, "task/waits"))["status"]?["message"])?.Contains("RunnerIncompatible", StringComparison.Ordinal) == true, "the task says so too");

        await site.UpgradeAsync(site.Values());
        await site.WaitAsync(Team, "task/waits", "condition=Succeeded", 120);
        Assert.Empty(site.Denied);
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task Agents_that_do_not_reach_the_gateway_are_a_condition_of_the_pool_until_they_do(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", Team);
        // Nobody listens there: what a NetworkPolicy, or a name that pods cannot resolve, comes to.
        await site.InstallAsync([.. site.Values(), "--set", "gateway.addresses=127.0.0.1:1"]);
        await site.RolledOutAsync();
        await site.CreateAsync(site.Admin, Team, Work.Pool());
        await site.CreateAsync(site.Admin, Team, Work.Run("waits", "w", "true"));
        await site.UntilAsync(async () => Ready(await site.GetAsync(Team, "agentpool/pool")) is { } ready && (string?)ready["status"] == "False" && (string?)ready["reason"] == "AgentNotConnected", "the pool says that the agent does not connect", 150);
        var message = (string)Ready(await site.GetAsync(Team, "agentpool/pool"))!["message"]!;
        Assert.Contains("127.0.0.1:1", message, StringComparison.Ordinal);
        Assert.Contains("-c berth-agent", message, StringComparison.Ordinal);
        await site.UntilAsync(async () => ((string?)(await site.GetAsync(Team, "task/waits"))["status"]?["message"])?.Contains("AgentNotConnected", StringComparison.Ordinal) == true, "the task says so too");

        await site.UpgradeAsync(site.Values());
        await site.WaitAsync(Team, "task/waits", "condition=Succeeded", 120);
        await site.UntilAsync(async () => (string?)Ready(await site.GetAsync(Team, "agentpool/pool"))?["status"] == "True", "the pool is ready");
        Assert.Empty(site.Denied);
    }

    private static JsonNode? Ready(JsonNode pool) => pool["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == "Ready");
}
