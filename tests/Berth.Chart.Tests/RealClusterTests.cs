using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// The chart against the API server and the controllers of the cluster that BERTH_TEST_KUBECONFIG names, which must have no Berth: everything that
/// the chart can make is accepted there, under the restricted pod security standard and without a warning. Nothing needs to run there, so a cluster without nodes will do.
/// </summary>
public sealed class RealClusterTests
{
    private const string Namespace = "berth-chart-test";

    private static readonly string[] Values =
    [
        "--set", "postgres.bundled.enabled=true", "--set", "networkPolicy.enabled=true", "--set", "priorityClass.create=true", "--set", "metrics.dashboards.enabled=true",
        "--set", $"secretNamespaces={{{Namespace}}}", "--set", "image.registry=registry.invalid/berth",
    ];

    public static TheoryData<string> Helm => Tool.All("helm");

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task A_real_cluster_accepts_install_upgrade_rollback_and_uninstall(string helm)
    {
        await using var real = await Given.StartAsync(helm, Namespace);
        await real.HelmAsync(["install", "berth", Chart.Folder, "-n", Namespace, .. Values]);
        var password = await real.PasswordAsync();
        // The controllers could create the pods: quota, pod security and the service account's token let them.
        await real.UntilAsync(async () => (await real.KubectlAsync("-n", Namespace, "get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 3, "two operators and a database have pods");
        var policies = JsonNode.Parse(await real.KubectlAsync("get", "validatingadmissionpolicies", "-l", "app.kubernetes.io/part-of=berth", "-o", "json"))!["items"]!.AsArray();
        Assert.Equal(4, policies.Count);
        await real.UntilAsync(
            async () => JsonNode.Parse(await real.KubectlAsync("get", "validatingadmissionpolicies", "-l", "app.kubernetes.io/part-of=berth", "-o", "json"))!["items"]!.AsArray().All(p => p!["status"]?["typeChecking"] is JsonObject),
            "the expressions' types are checked");
        Assert.All(JsonNode.Parse(await real.KubectlAsync("get", "validatingadmissionpolicies", "-l", "app.kubernetes.io/part-of=berth", "-o", "json"))!["items"]!.AsArray(), p => Assert.Null(p!["status"]!["typeChecking"]!["expressionWarnings"]));
        await real.RefusedAsync("spec.approver must be the name of the requesting user", Work.Approval("somebody-else"));
        await real.RefusedAsync("spec.requestedBy must be the name of the requesting user", Work.Task("t", "somebody-else"));

        await real.HelmAsync(["upgrade", "berth", Chart.Folder, "-n", Namespace, .. Values, "--set", "workers=4", "--set", "image.tag=9.9.9"]);
        Assert.Equal(password, await real.PasswordAsync());
        await real.HelmAsync("rollback", "berth", "1", "-n", Namespace);
        Assert.Equal(password, await real.PasswordAsync());
        await real.HelmAsync("uninstall", "berth", "-n", Namespace, "--no-hooks");
        Assert.Contains("tasks.berth.dev", await real.KubectlAsync("get", "crd", "-o", "name"), StringComparison.Ordinal);
        Assert.DoesNotContain("berth", await real.KubectlAsync("get", "validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,clusterrolebindings,priorityclasses", "-o", "name"), StringComparison.Ordinal);

        // What is kept is taken up again; and a Role in each watched namespace is all that is left of the ClusterRole.
        await real.HelmAsync(["install", "berth", Chart.Folder, "-n", Namespace, .. Values, "--set", $"watchNamespaces={{{Namespace},default}}"]);
        Assert.Equal(password, await real.PasswordAsync());
        string[] operators = ["--as", $"system:serviceaccount:{Namespace}:berth"];
        Assert.StartsWith("namespace/default", await real.KubectlAsync(["get", "namespaces", "--field-selector", "metadata.name=default", "-o", "name", .. operators]), StringComparison.Ordinal);
        Assert.Equal("yes", (await real.KubectlAsync(["auth", "can-i", "patch", "tasks.berth.dev/status", "-n", "default", .. operators])).Trim());
        await real.HelmAsync("uninstall", "berth", "-n", Namespace, "--no-hooks");
    }

    [Fact, Trait("Suite", "Long")]
    public async Task A_real_cluster_accepts_the_plain_manifests()
    {
        await using var real = await Given.StartAsync("", Namespace);
        await real.KubectlAsync("apply", "--server-side", "-f", Path.Combine(Chart.Root, "crds"));
        foreach (var name in new[] { "cluster", "namespaced" })
        {
            // A dry run makes no namespace that the rest could be in.
            var text = await real.KubectlAsync("kustomize", Path.Combine(Chart.Root, "deploy", "kustomize", name));
            await real.CreateAsync("apply", text.Replace("namespace: berth-system", "namespace: " + Namespace, StringComparison.Ordinal).Replace("namespace: team", "namespace: " + Namespace, StringComparison.Ordinal), "--server-side", "--dry-run=server", "--force-conflicts");
        }
        await real.KubectlAsync("apply", "--server-side", "--dry-run=server", "-f", Path.Combine(Chart.Root, "deploy", "policies"));
    }
}
