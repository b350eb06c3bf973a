using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.DevCluster;
using Berth.DevCluster.Pods;
using Berth.Testing;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The chart installed in a dev cluster that enforces RBAC and has no rules of Berth's of its own.</summary>
public sealed class InstallTests : IAsyncLifetime
{
    private readonly Scratch _home = new();
    private DevCluster.DevCluster _cluster = null!;
    private string _admin = "";

    public static TheoryData<string> Helm => Tool.All("helm");

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.DevCluster.StartAsync(new DevClusterOptions { Rbac = true, IdentityRule = false });
        _admin = await WriteAsync("admin", _cluster.AdminKubeconfig);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _home.Dispose();
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Policies_hold_people_to_what_they_may_do_and_CRDs_outlive_the_release(string helm)
    {
        var kubectl = await InstallAsync(helm, "--set", "replicas=0", "--set", Chart.WithDatabase);
        var (alice, bob) = (await WriteAsync("alice", _cluster.KubeconfigOf("alice")), await WriteAsync("bob", _cluster.KubeconfigOf("bob")));
        await PeopleAsync(kubectl);
        async Task Refused(string who, string says, params string[] arguments)
        {
            var (code, output, error) = await Tool.TryAsync(kubectl, _home.Path, who, ["-n", "team", .. arguments]);
            Assert.True(code != 0 && error.Contains(says, StringComparison.Ordinal), $"kubectl {string.Join(' ', arguments)} ended with {code}: {error}{output}");
        }

        await Refused(alice, "spec.requestedBy must be the name of the requesting user", "create", "-f", await TaskAsync("t1", "bob"));
        await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "create", "-f", await TaskAsync("t2", "alice"));
        await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "annotate", "task", "t2", "mine=yes");
        await Refused(alice, "cannot create resource \"approvals\"", "create", "-f", await ApprovalAsync("alice", "0"));
        await Refused(bob, "spec.approver must be the name of the requesting user", "create", "-f", await ApprovalAsync("alice", "0"));
        await Refused(_admin, "service accounts may not approve", "create", "--as", "system:serviceaccount:team:default", "--as-group", "system:masters", "-f", await ApprovalAsync("system:serviceaccount:team:default", "0"));
        await Tool.RunAsync(kubectl, _home.Path, bob, "-n", "team", "create", "-f", await ApprovalAsync("bob", "0"));
        await Refused(_admin, "only Berth's operator may write this status", "patch", "task", "t2", "--subresource=status", "--type=merge", "-p", """{"status":{"message":"x"}}""");
        await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "team", "patch", "task", "t2", "--type=merge", "-p", """{"metadata":{"finalizers":["berth.dev/history"]}}""");
        await Refused(_admin, "only Berth's operator may take its finalizers off", "patch", "task", "t2", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await Refused(_admin, "only Berth's operator may create pods with the label berth.dev/pool", "run", "x", "--image=a", "--labels=berth.dev/pool=p");
        await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "team", "run", "x", "--image=a");
        await Refused(_admin, "only Berth's operator may change the label berth.dev/pool", "label", "pod", "x", "berth.dev/pool=p");

        await Tool.RunAsync(helm, _home.Path, _admin, "uninstall", "berth", "-n", "berth-system", "--wait", "--timeout", "60s");
        Assert.Contains("tasks.berth.dev", await Tool.RunAsync(kubectl, _home.Path, _admin, "get", "crd", "-o", "name"), StringComparison.Ordinal);
        Assert.Contains("t2", await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "team", "get", "tasks", "-o", "name"), StringComparison.Ordinal);
        Assert.DoesNotContain("berth", await Tool.RunAsync(kubectl, _home.Path, _admin, "get", "validatingadmissionpolicies", "-o", "name"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task A_task_is_planned_approved_and_applied_with_the_rights_of_the_chart_alone(string helm)
    {
        await using var postgres = await PostgresServer.StartAsync();
        var (http, gateway) = (FreePort(), FreePort());
        var kubectl = await InstallAsync(helm,
            "--set", "replicas=1", "--set", Chart.WithDatabase, "--set", $"httpPort={http}", "--set", $"gateway.port={gateway}", "--set", $"gateway.addresses=127.0.0.1:{gateway}",
            "--set", "image.repository=berth-operator", "--set", "agentImage.repository=berth-agent");
        await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "berth-system", "create", "secret", "generic", "pg", "--from-literal=connectionString=" + await postgres.CreateDatabaseAsync());
        await PeopleAsync(kubectl);
        // Not below the temporary directory: the chart mounts an empty volume over the pod's.
        var image = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "image-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        await File.WriteAllTextAsync(Path.Combine(image, "entrypoint"), $"#!/bin/sh\nexec {Output("Berth.Operator")}/Berth.Operator\n");
        File.SetUnixFileMode(Path.Combine(image, "entrypoint"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using (await PodRunner.StartAsync(Runner(image), CancellationToken.None))
        {
            var (alice, bob) = (await WriteAsync("alice", _cluster.KubeconfigOf("alice")), await WriteAsync("bob", _cluster.KubeconfigOf("bob")));
            await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "berth-system", "rollout", "status", "deployment/berth", "--timeout=90s");
            await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "create", "-f", await FileAsync("pool.yaml", """
                apiVersion: berth.dev/v1alpha1
                kind: AgentPool
                metadata: {name: pool}
                spec: {replicas: 1, slotsPerPod: 1, terminationGracePeriod: 5s, template: {spec: {containers: [{name: task, image: "example.org/x:1"}]}}}
                """));
            await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "create", "-f", await TaskAsync("t", "alice"));
            await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "wait", "task/t", "--for=jsonpath={.status.reason}=AwaitingApproval", "--timeout=90s");
            var task = JsonNode.Parse(await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "get", "task", "t", "-o", "json"))!;
            await Tool.RunAsync(kubectl, _home.Path, bob, "-n", "team", "create", "-f", await ApprovalAsync("bob", (string)task["metadata"]!["uid"]!, (string)task["status"]!["plan"]!["digest"]!));
            await Tool.RunAsync(kubectl, _home.Path, alice, "-n", "team", "wait", "task/t", "--for=condition=Succeeded", "--timeout=90s");
            var log = await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "berth-system", "logs", "deployment/berth");
            Assert.DoesNotContain("cannot ", string.Join('\n', log.Split('\n').Where(l => l.Contains("forbidden", StringComparison.OrdinalIgnoreCase))), StringComparison.Ordinal);
        }
        Directory.Delete(image, recursive: true);
    }

    private async Task<string> InstallAsync(string helm, params string[] options)
    {
        Tool.Require(helm, "helm");
        var kubectl = Tool.All("kubectl").First().Data;
        Tool.Require(kubectl, "kubectl");
        await Tool.RunAsync(helm, _home.Path, _admin, ["install", "berth", Chart.Folder, "-n", "berth-system", "--create-namespace", .. options]);
        await Tool.RunAsync(kubectl, _home.Path, _admin, "create", "namespace", "team");
        return kubectl;
    }

    private async Task PeopleAsync(string kubectl)
    {
        await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "team", "create", "rolebinding", "edit", "--clusterrole=edit", "--user=alice");
        await Tool.RunAsync(kubectl, _home.Path, _admin, "-n", "team", "create", "rolebinding", "approver", "--clusterrole=berth-approver", "--user=bob");
    }

    private PodRunnerOptions Runner(string image) => new()
    {
        KubeConfig = _admin,
        Directory = Path.Combine(_home.Path, "p"),
        Images = new Dictionary<string, string> { ["berth-operator:0.1.0"] = image, ["berth-agent:0.1.0"] = Output("Berth.Agent") },
    };

    private Task<string> TaskAsync(string name, string requester) => FileAsync("task.yaml", $$"""
        apiVersion: berth.dev/v1alpha1
        kind: Task
        metadata: {name: {{name}}}
        spec:
          poolRef: {name: pool}
          workspace: network
          requestedBy: {{requester}}
          plan: {command: [sh, -c, "echo change > plan.out; cat plan.out"], artifacts: [plan.out], describe: Text}
          apply: {command: [cat, plan.out]}
        """);

    private Task<string> ApprovalAsync(string approver, string uid, string? digest = null) => FileAsync("approval.yaml", $$"""
        apiVersion: berth.dev/v1alpha1
        kind: Approval
        metadata: {generateName: ap-}
        spec: {taskRef: {name: t, uid: "{{uid}}"}, run: 1, workspace: network, digest: "{{digest ?? "sha256:" + new string('0', 64)}}", decision: Approve, approver: "{{approver}}"}
        """);

    private async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_home.Path, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private Task<string> WriteAsync(string user, string kubeconfig) => FileAsync("config-" + user, kubeconfig);

    private static string Output(string project)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return Path.Combine(Chart.Root, "src", project, "bin", Path.GetFileName(Path.GetDirectoryName(output)!), Path.GetFileName(output));
    }

    private static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }
}
