using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>Lint and templates, with every Helm there is.</summary>
public class RenderTests
{
    private static readonly string[] Everything =
    [
        "--set", "postgres.bundled.enabled=true", "--set", "networkPolicy.enabled=true", "--set", "metrics.serviceMonitor.enabled=true",
        "--set", "metrics.rules.enabled=true", "--set", "metrics.dashboards.enabled=true", "--set", "secretNamespaces={team,other}",
    ];

    public static TheoryData<string> Helm => Tool.All("helm");

    [Theory, MemberData(nameof(Helm))]
    public async Task The_chart_is_lint_clean(string helm)
    {
        Tool.Require(helm, "helm");
        using var home = new Scratch();
        Assert.Contains("0 chart(s) failed", await Tool.RunAsync(helm, home.Path, null, "lint", "--strict", Chart.Folder, "--set", Chart.WithDatabase), StringComparison.Ordinal);
        await Tool.RunAsync(helm, home.Path, null, ["lint", "--strict", Chart.Folder, .. Everything]);
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task A_database_must_be_named_and_unknown_values_are_refused(string helm)
    {
        Tool.Require(helm, "helm");
        using var home = new Scratch();
        Assert.Contains("postgres.existingSecret.name is required", (await Tool.TryAsync(helm, home.Path, null, "template", "berth", Chart.Folder)).Error, StringComparison.Ordinal);
        Assert.NotEqual(0, (await Tool.TryAsync(helm, home.Path, null, "template", "berth", Chart.Folder, "--set", Chart.WithDatabase, "--set", "colour=red")).Code);
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Nothing_reads_Secrets_of_tasks_unless_listed(string helm)
    {
        Tool.Require(helm, "helm");
        var plain = await Chart.RenderAsync(helm, "--set", Chart.WithDatabase);
        Assert.All(plain.Where(o => (string?)o["kind"] == "ClusterRole"), r => Assert.DoesNotContain("secrets", Resources(r)));
        var listed = (await Chart.RenderAsync(helm, Everything)).Where(o => (string?)o["kind"] == "Role" && Resources(o).Contains("secrets") && (string?)o["metadata"]!["namespace"] != "berth-system");
        Assert.Equal(["other", "team"], listed.Select(r => (string?)r["metadata"]!["namespace"]).Order());
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task With_watched_namespaces_only_tokens_nodes_and_those_namespaces_are_asked_for_cluster_wide(string helm)
    {
        Tool.Require(helm, "helm");
        var objects = await Chart.RenderAsync(helm, [.. Everything, "--set", "watchNamespaces={team,other}"]);
        var bound = objects.Where(o => (string?)o["kind"] == "ClusterRoleBinding").Select(b => (string)b["roleRef"]!["name"]!);
        Assert.Equal(["namespaces", "nodes", "tokenreviews"], bound.SelectMany(b => Resources(objects.Only("ClusterRole", b))).Order());
        var namespaces = bound.SelectMany(b => objects.Only("ClusterRole", b)["rules"]!.AsArray()).Single(r => (string?)r!["resources"]![0] == "namespaces");
        Assert.Equal(["team", "other"], namespaces!["resourceNames"]!.AsArray().Select(n => (string)n!));
        foreach (var kind in new[] { "Role", "RoleBinding" })
            Assert.Equal(["other", "team"], objects.Where(o => (string?)o["kind"] == kind && (string)o["metadata"]!["name"]! == "berth-berth-system-work").Select(o => (string)o["metadata"]!["namespace"]!).Order(StringComparer.Ordinal));
        Assert.All(
            objects.Where(o => (string?)o["kind"] == "ValidatingAdmissionPolicyBinding"),
            b => Assert.Equal("""[{"key":"kubernetes.io/metadata.name","operator":"In","values":["team","other"]}]""", b["spec"]!["matchResources"]!["namespaceSelector"]!["matchExpressions"]!.ToJsonString()));
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Pods_satisfy_the_restricted_pod_security_standard(string helm)
    {
        Tool.Require(helm, "helm");
        var workloads = (await Chart.RenderAsync(helm, Everything)).Where(o => (string?)o["kind"] is "Deployment" or "StatefulSet" or "Job" or "Pod").ToList();
        Assert.Equal(["Deployment", "Job", "Pod", "StatefulSet"], workloads.Select(w => (string)w["kind"]!).Order(StringComparer.Ordinal));
        foreach (var pod in workloads.Select(w => w["spec"]!["template"]?["spec"] ?? w["spec"]!))
        {
            Assert.DoesNotContain(pod.AsObject(), p => p.Key is "hostNetwork" or "hostPID" or "hostIPC");
            Assert.All(pod["volumes"]!.AsArray(), v => Assert.True(v!["emptyDir"] is not null, v.ToJsonString()));
            Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
            Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
            foreach (var security in pod["containers"]!.AsArray().Select(c => c!["securityContext"]!))
            {
                Assert.False((bool)security["allowPrivilegeEscalation"]!);
                Assert.True((bool)security["readOnlyRootFilesystem"]!);
                Assert.Equal("ALL", (string?)security["capabilities"]!["drop"]![0]);
            }
        }
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task The_bundled_database_keeps_its_data_on_a_volume_of_its_own_and_is_ready_only_when_it_answers_by_address(string helm)
    {
        Tool.Require(helm, "helm");
        var objects = await Chart.RenderAsync(helm, Everything);
        var set = objects.Only("StatefulSet", "berth-postgres")["spec"]!;
        Assert.Equal("data", (string?)set["volumeClaimTemplates"]![0]!["metadata"]!["name"]);
        var pod = set["template"]!["spec"]!;
        Assert.False((bool)pod["automountServiceAccountToken"]!);
        Assert.Equal((999, 999), ((long)pod["securityContext"]!["runAsUser"]!, (long)pod["securityContext"]!["fsGroup"]!));
        Assert.DoesNotContain((await Chart.RenderAsync(helm, [.. Everything, "--set", "postgres.bundled.runAsUser=null"])).Only("StatefulSet", "berth-postgres")["spec"]!["template"]!["spec"]!["securityContext"]!.AsObject(), c => c.Key is "runAsUser" or "fsGroup");
        var container = pod["containers"]![0]!;
        var data = (string)container["volumeMounts"]!.AsArray().Single(m => (string?)m!["name"] == "data")!["mountPath"]!;
        Assert.StartsWith(data + "/", (string)container["env"]!.AsArray().Single(e => (string?)e!["name"] == "PGDATA")!["value"]!, StringComparison.Ordinal);
        foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
            Assert.Equal(["pg_isready", "-h", "127.0.0.1"], container[probe]!["exec"]!["command"]!.AsArray().Take(3).Select(c => (string)c!));
        Assert.Equal("berth-postgres", (string?)container["env"]!.AsArray().Single(e => (string?)e!["name"] == "POSTGRES_PASSWORD")!["valueFrom"]!["secretKeyRef"]!["name"]);
        Assert.Equal("keep", (string?)objects.Only("Secret", "berth-postgres")["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
        // Who has the connection string reaches it, the checks of Helm's hooks included, and nobody else does.
        var selector = Assert.Single(objects.Only("NetworkPolicy", "berth-postgres")["spec"]!["ingress"]![0]!["from"]!.AsArray())!["podSelector"]!;
        var pods = objects.Where(o => (string?)o["kind"] is "Deployment" or "StatefulSet" or "Job" or "Pod").Select(o => o["spec"]!["template"]?.AsObject() ?? o).ToList();
        Assert.Equal(4, pods.Count);
        foreach (var each in pods)
        {
            var asks = each["spec"]!["containers"]![0]!["env"]!.AsArray().Any(e => (string?)e!["name"] == "Postgres__ConnectionString");
            Assert.Equal(asks, Selects(selector, each["metadata"]!["labels"]!));
        }
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task One_operator_of_some_namespaces_may_serve_the_aggregated_API(string helm)
    {
        Tool.Require(helm, "helm");
        Assert.DoesNotContain(await Chart.RenderAsync(helm, "--set", Chart.WithDatabase, "--set", "watchNamespaces={team}"), o => (string?)o["kind"] == "APIService");
        var objects = await Chart.RenderAsync(helm, "--set", Chart.WithDatabase, "--set", "watchNamespaces={team}", "--set", "view.withWatchNamespaces=true");
        Assert.Equal("berth-view", (string?)objects.Only("APIService", "v1alpha1.view.berth.dev")["spec"]!["service"]!["name"]);
        Assert.Superset(new HashSet<string> { "subjectaccessreviews", "apiservices" }, Resources(objects.Only("ClusterRole", "berth-berth-system-cluster")).ToHashSet());
        var container = objects.Only("Deployment", "berth")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.Equal("0.0.0.0:9443", (string?)container["env"]!.AsArray().Single(e => (string?)e!["name"] == "View__Address")!["value"]);
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task CRDs_are_kept_and_approvers_are_aggregated_to_nobody(string helm)
    {
        Tool.Require(helm, "helm");
        var objects = await Chart.RenderAsync(helm, "--set", Chart.WithDatabase);
        var crds = objects.Where(o => (string?)o["kind"] == "CustomResourceDefinition").ToList();
        Assert.Equal(3, crds.Count);
        Assert.All(crds, c => Assert.Equal("keep", (string?)c["metadata"]!["annotations"]!["helm.sh/resource-policy"]));
        Assert.DoesNotContain(objects.Only("ClusterRole", "berth-approver")["metadata"]!["labels"]!.AsObject(), l => l.Key.Contains("aggregate", StringComparison.Ordinal));
        Assert.Contains("tasks/plan", Resources(objects.Only("ClusterRole", "berth-approver")));
        Assert.DoesNotContain(objects.Where(o => o["metadata"]!["labels"] is JsonObject l && l.Any(p => p.Key.Contains("aggregate-to", StringComparison.Ordinal))),
            r => r["rules"]!.AsArray().Any(rule => rule!["verbs"]!.AsArray().Any(v => (string?)v == "create") && rule["resources"]!.AsArray().Any(x => (string?)x is "approvals" or "workspaces")));
    }

    private static bool Selects(JsonNode selector, JsonNode labels) =>
        selector["matchLabels"]!.AsObject().All(l => (string?)labels[l.Key] == (string?)l.Value)
        && selector["matchExpressions"]!.AsArray().All(e => (string?)e!["operator"] == "In" && e["values"]!.AsArray().Any(v => (string?)v == (string?)labels[(string)e["key"]!]));

    private static IEnumerable<string> Resources(JsonObject role) => role["rules"]!.AsArray().SelectMany(r => r!["resources"]!.AsArray().Select(x => (string)x!));
}
