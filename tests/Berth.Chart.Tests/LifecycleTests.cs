using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>Install, test, upgrade, roll back, uninstall: with real processes, and with work under way.</summary>
public sealed class LifecycleTests
{
    private const string Team = "team";

    public static TheoryData<string> Helm => Tool.All("helm");

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task Running_and_reserved_work_survives_an_upgrade_the_loss_of_the_leader_and_a_rollback(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", Team);
        await site.InstallAsync(site.Values(replicas: 2));
        await site.RolledOutAsync();
        await TestedAsync(site);
        await site.CreateAsync(site.Admin, Team, Work.Pool(slots: 4, applySlots: 4));
        var (go, effects) = (Path.Combine(site.Shared, "go"), Path.Combine(site.Shared, "effects"));
        await site.CreateAsync(site.Admin, Team, Work.Run("running", "a", Counted("running")));
        await site.CreateAsync(site.Admin, Team, Work.Task("applying", site.AdminName, workspace: "b", apply: Counted("applying")));
        await site.CreateAsync(site.Admin, Team, Work.Task("reserved", site.AdminName, workspace: "c", apply: $"echo reserved >> {effects}"));
        foreach (var task in new[] { "applying", "reserved" }) await site.WaitAsync(Team, "task/" + task, "jsonpath={.status.reason}=AwaitingApproval");
        await site.CreateAsync(site.Admin, Team, Work.Approval(site.AdminName, await site.GetAsync(Team, "task/applying")));
        await site.WaitAsync(Team, "task/applying", "jsonpath={.status.phase}=Applying");
        await site.WaitAsync(Team, "task/running", "jsonpath={.status.phase}=Running");
        var (before, first, leader) = (await PlacesAsync(site), await PodsAsync(site), await LeaderAsync(site));
        Assert.Equal(2, first.Count);
        Assert.Contains(leader, first);

        // One slot is left, for work that comes and goes all the while.
        using var over = new CancellationTokenSource();
        var stream = StreamAsync(site, effects, over.Token);
        await site.UpgradeAsync([.. site.Values(replicas: 2), "--set", "image.tag=0.2.0"]);
        await site.RolledOutAsync();
        leader = await AnotherLeaderAsync(site, first);
        Assert.Equal(before, await PlacesAsync(site));

        var second = await PodsAsync(site);
        Assert.Equal(2, second.Count);
        await site.AdminAsync("-n", Site.Namespace, "delete", "pod", leader, "--wait=false");
        await AnotherLeaderAsync(site, [leader]);
        await site.RolledOutAsync();
        Assert.Equal(before, await PlacesAsync(site));

        await UninstallIsRefusedAsync(site);
        second = await PodsAsync(site);
        await site.HelmAsync("rollback", "berth", "1", "-n", Site.Namespace);
        await site.RolledOutAsync();
        await AnotherLeaderAsync(site, second);
        Assert.Equal(before, await PlacesAsync(site));

        await over.CancelAsync();
        var streamed = await stream;
        await site.CreateAsync(site.Admin, Team, Work.Approval(site.AdminName, await site.GetAsync(Team, "task/reserved")));
        await File.WriteAllTextAsync(go, "");
        string[] all = ["applying", "reserved", "running", .. streamed];
        foreach (var task in all) await site.WaitAsync(Team, "task/" + task, "condition=Succeeded");
        Assert.Equal(all.Order(StringComparer.Ordinal), (await File.ReadAllLinesAsync(effects)).Order(StringComparer.Ordinal));
        await site.HelmAsync("uninstall", "berth", "-n", Site.Namespace, "--wait", "--timeout", "100s");
        Assert.Contains("applying", await site.AdminAsync("-n", Team, "get", "tasks", "-o", "name"), StringComparison.Ordinal);
        Assert.Empty(site.Denied);

        string Counted(string name) => $"while [ ! -e {go} ]; do sleep 0.1; done; echo {name} >> {effects}";
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Uninstall_keeps_resources_and_what_a_bundled_database_needs_and_a_new_release_takes_both_up(string helm)
    {
        await using var site = await Site.StartAsync(helm);
        string[] values = ["--set", "replicas=0", "--set", "uninstallCheck=false", "--set", "postgres.bundled.enabled=true"];
        await site.InstallAsync(values);
        var password = await PasswordAsync();
        Assert.Equal(32, password.Length);
        await site.UpgradeAsync([.. values, "--set", "workers=3"]);
        Assert.Equal(password, await PasswordAsync());
        await site.HelmAsync("rollback", "berth", "1", "-n", Site.Namespace);
        Assert.Equal(password, await PasswordAsync());
        await site.AdminAsync("create", "namespace", Team);
        await site.CreateAsync(site.Admin, Team, Work.Run("kept", "w", "true"));

        await site.HelmAsync("uninstall", "berth", "-n", Site.Namespace, "--wait", "--timeout", "60s");
        Assert.Contains("tasks.berth.dev", await site.AdminAsync("get", "crd", "-o", "name"), StringComparison.Ordinal);
        Assert.Contains("kept", await site.AdminAsync("-n", Team, "get", "tasks", "-o", "name"), StringComparison.Ordinal);
        Assert.DoesNotContain("berth", await site.AdminAsync("get", "validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,clusterrolebindings", "-o", "name"), StringComparison.Ordinal);

        await site.InstallAsync(values);
        Assert.Equal(password, await PasswordAsync());
        Assert.Contains("kept", await site.AdminAsync("-n", Team, "get", "tasks", "-o", "name"), StringComparison.Ordinal);

        async Task<string> PasswordAsync()
        {
            var data = (await site.GetAsync(Site.Namespace, "secret/berth-postgres"))["data"]!;
            var text = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)data["password"]!));
            Assert.Contains("Password=" + text, System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)data["connectionString"]!)), StringComparison.Ordinal);
            return text;
        }
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task An_upgrade_as_the_page_says_it_brings_new_CRDs_and_defaults_and_keeps_what_was_set(string helm)
    {
        await using var site = await Site.StartAsync(helm);
        await site.HelmAsync("install", "berth", await OlderChartAsync(site), "-n", Site.Namespace, "--create-namespace", "--set", "replicas=0", "--set", "workers=5", "--set", Chart.WithDatabase);
        var old = await ColumnsAsync();
        Assert.DoesNotContain("check-uninstall", await site.HelmAsync("get", "hooks", "berth", "-n", Site.Namespace), StringComparison.Ordinal);
        var said = PagesTests.Blocks("upgrade.md")[0].Split('\n')[0].Split(' ').Where(w => w.StartsWith("--", StringComparison.Ordinal) && w != "--wait");
        await site.UpgradeAsync([.. said]);
        Assert.Equal(old + 1, await ColumnsAsync());
        Assert.Contains("check-uninstall", await site.HelmAsync("get", "hooks", "berth", "-n", Site.Namespace), StringComparison.Ordinal);
        var operators = await site.GetAsync(Site.Namespace, "deployment/berth");
        Assert.Equal((0, "5"), ((int)operators["spec"]!["replicas"]!, (string?)operators["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray().Single(e => (string?)e!["name"] == "Operator__Workers")!["value"]));

        async Task<int> ColumnsAsync() => (await site.GetAsync("default", "crd/agentpools.berth.dev"))["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray().Count;
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task What_an_uninstall_without_a_look_leaves_behind_is_freed_by_the_commands_of_the_page(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", Team);
        await site.InstallAsync(site.Values());
        await site.RolledOutAsync();
        await site.CreateAsync(site.Admin, Team, Work.Pool());
        await site.CreateAsync(site.Admin, Team, Work.Run("running", "a", "sleep 1000"));
        await site.WaitAsync(Team, "task/running", "jsonpath={.status.phase}=Running");
        await site.HelmAsync("uninstall", "berth", "-n", Site.Namespace, "--no-hooks", "--wait", "--timeout", "100s");
        await site.UntilAsync(async () => (await site.AdminAsync("-n", Site.Namespace, "get", "pods", "-o", "name")).Trim().Length == 0, "the operator is gone");
        await site.AdminAsync("delete", "namespace", Team, "--wait=false");
        await site.AdminAsync("-n", Team, "delete", "tasks,agentpools", "--all", "--wait=false");
        await site.AdminAsync("-n", Team, "delete", "pods", "--all", "--grace-period=1", "--wait=false");
        await site.UntilAsync(async () => (await site.AdminAsync("-n", Team, "get", "pods", "-o", "jsonpath={.items[*].status.phase}")) is "Failed" or "Succeeded", "the pod has ended, and waits for our finalizer");
        Assert.Contains("running", await site.AdminAsync("-n", Team, "get", "tasks", "-o", "name"), StringComparison.Ordinal);

        var blocks = PagesTests.Blocks("uninstall.md");
        await ShellAsync(site, blocks[^1]);
        await site.AdminAsync("wait", "--for=delete", "namespace/" + Team, "--timeout=60s");
        await ShellAsync(site, blocks.Single(b => b.Contains("delete crd", StringComparison.Ordinal)));
        Assert.Empty((await site.AdminAsync("get", "crd", "-o", "name")).Trim());
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task Helm_test_says_what_is_wrong(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.InstallAsync([.. site.Values(), "--set", "admission.enabled=false"]);
        await site.RolledOutAsync();
        var (code, output, error) = await site.TryHelmAsync("test", "berth", "-n", Site.Namespace, "--timeout", "100s");
        Assert.True(code != 0, output + error);
        var log = await site.AdminAsync("-n", Site.Namespace, "logs", "berth-check");
        Assert.Contains("FAILED: the cluster checks who approves: the cluster let an Approval under a false name pass", log, StringComparison.Ordinal);
        Assert.Contains("ok: a replica leads", log, StringComparison.Ordinal);
        Assert.Contains("ok: the database answers", log, StringComparison.Ordinal);
    }

    private static async Task ShellAsync(Site site, string block)
    {
        var path = Path.GetDirectoryName(Tool.All("kubectl").First().Data);
        var (code, output, error) = await Tool.TryAsync("bash", site.Shared, site.Admin, "-c", $"set -euo pipefail\nexport PATH={path}:$PATH\n{block}");
        Assert.True(code == 0, $"{block}\nended with {code}: {error}{output}");
    }

    /// <summary>The chart with a column less in one CRD, and without a value that came later: what the release before might have been.</summary>
    private static async Task<string> OlderChartAsync(Site site)
    {
        var copy = Path.Combine(site.Shared, "older");
        foreach (var file in Directory.EnumerateFiles(Chart.Folder, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(Chart.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var crd = Path.Combine(copy, "files", "crds", "agentpools.berth.dev.yaml");
        var lines = (await File.ReadAllLinesAsync(crd)).ToList();
        var at = lines.FindIndex(l => l.Trim() == "additionalPrinterColumns:") + 1;
        var indent = lines[at].Length - lines[at].TrimStart().Length;
        var next = lines.FindIndex(at + 1, l => l.Length - l.TrimStart().Length == indent);
        lines.RemoveRange(at, next - at);
        await File.WriteAllLinesAsync(crd, lines);
        var values = Path.Combine(copy, "values.yaml");
        await File.WriteAllLinesAsync(values, (await File.ReadAllLinesAsync(values)).Where(l => !l.StartsWith("uninstallCheck:", StringComparison.Ordinal)));
        return copy;
    }

    private static async Task TestedAsync(Site site)
    {
        var (code, output, error) = await site.TryHelmAsync("test", "berth", "-n", Site.Namespace, "--timeout", "100s");
        if (code != 0) Assert.Fail($"helm test: {output}{error}{await site.AdminAsync("-n", Site.Namespace, "logs", "berth-check")}");
        Assert.DoesNotContain("FAILED", await site.AdminAsync("-n", Site.Namespace, "logs", "berth-check"), StringComparison.Ordinal);
    }

    /// <summary>An uninstall now would leave nobody to learn how this work ends: it stops, and the release can be rolled back all the same.</summary>
    private static async Task UninstallIsRefusedAsync(Site site)
    {
        var (code, _, _) = await site.TryHelmAsync("uninstall", "berth", "-n", Site.Namespace, "--timeout", "100s");
        Assert.NotEqual(0, code);
        var refusal = await site.AdminAsync("-n", Site.Namespace, "logs", "job/berth-check-uninstall");
        Assert.Contains("FAILED: work is under way", refusal, StringComparison.Ordinal);
        Assert.Contains("task team/applying (Applying)", refusal, StringComparison.Ordinal);
        Assert.Contains("task team/running (Running)", refusal, StringComparison.Ordinal);
    }

    /// <summary>Creates short tasks, one after the other, until told to end; the names of those that it created.</summary>
    private static async Task<List<string>> StreamAsync(Site site, string effects, CancellationToken over)
    {
        var names = new List<string>();
        while (!over.IsCancellationRequested)
        {
            names.Add($"short-{names.Count}");
            await site.CreateAsync(site.Admin, Team, Work.Run(names[^1], names[^1], $"echo {names[^1]} >> {effects}"));
            await site.WaitAsync(Team, "task/" + names[^1], "condition=Succeeded", 120);
        }
        return names;
    }

    /// <summary>Names of the operator's pods that are not going.</summary>
    private static async Task<IReadOnlyCollection<string>> PodsAsync(Site site) =>
    [
        .. JsonNode.Parse(await site.AdminAsync("-n", Site.Namespace, "get", "pods", "-l", "app.kubernetes.io/component=operator", "-o", "json"))!["items"]!.AsArray()
            .Where(p => p!["metadata"]!["deletionTimestamp"] is null).Select(p => (string)p!["metadata"]!["name"]!),
    ];

    /// <summary>The pod that leads.</summary>
    private static async Task<string> LeaderAsync(Site site) => ((string?)(await site.GetAsync(Site.Namespace, "lease/berth-operator"))["spec"]!["holderIdentity"] ?? "").Split('_')[0];

    /// <summary>Waits until a pod leads that is none of these.</summary>
    private static async Task<string> AnotherLeaderAsync(Site site, IReadOnlyCollection<string> than)
    {
        var leader = "";
        await site.UntilAsync(async () => (leader = await LeaderAsync(site)).Length > 0 && !than.Contains(leader), $"another than {string.Join(", ", than)} leads");
        return leader;
    }

    /// <summary>Where each task is and which attempt it is at: nothing of it may change because an operator went.</summary>
    private static async Task<string> PlacesAsync(Site site)
    {
        var tasks = (await site.GetAsync(Team, "tasks"))["items"]!.AsArray().Where(t => !((string)t!["metadata"]!["name"]!).StartsWith("short-", StringComparison.Ordinal));
        return string.Join('\n', tasks.Select(t => Place(t!["metadata"]!, t["status"]!)));
    }

    private static string Place(JsonNode metadata, JsonNode status) =>
        $"{metadata["name"]} {status["phase"]} attempt {status["attempt"]?["id"]} on {status["slot"]?["pod"]}/{status["slot"]?["index"]} resets {status["resets"]}";
}
