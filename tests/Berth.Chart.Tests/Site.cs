using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.DevCluster;
using Berth.DevCluster.Pods;
using Berth.Testing;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// A dev cluster that enforces RBAC and has no rules of Berth's of its own, with Helm and kubectl to install the chart into it. Every
/// refusal that the operator's service account meets is kept, so that a missing permission fails a test. With BERTH_TEST_KUBECONFIG tests
/// that run pods take that API server instead, one after the other; it must have no Berth, and what the operator is refused it says in its log.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    public const string Namespace = "berth-system";
    private const string Operator = "system:serviceaccount:" + Namespace + ":berth\"";
    private readonly Scratch _home = new();
    private readonly ConcurrentQueue<string> _denied = new();
    private readonly string _helm;
    private readonly string _kubectl;
    private DevCluster.DevCluster? _cluster;
    private GivenSite? _given;
    private PodRunner? _pods;
    private PostgresServer? _postgres;
    private string? _image;
    private ServiceRelay? _gateway;
    private readonly IReadOnlyList<int> _ports = FreePorts.Take(3);

    private Site(string helm)
    {
        Tool.Require(helm, "helm");
        (_helm, _kubectl) = (helm, Tool.All("kubectl").First().Data);
        Tool.Require(_kubectl, "kubectl");
    }

    /// <summary>Kubeconfig of the administrator.</summary>
    public string Admin { get; private set; } = "";

    /// <summary>The administrator's name.</summary>
    public string AdminName { get; private set; } = "admin-token";

    /// <summary>A directory that commands of tasks can reach.</summary>
    public string Shared => _home.Path;

    /// <summary>Whether the API server reaches the aggregated API of an installation here.</summary>
    public bool HasViews => _given is null;

    /// <summary>What the operator asked for and was refused, in the words of the answer.</summary>
    public IReadOnlyList<string> Denied => [.. _denied.Where(d => d.Contains(Operator, StringComparison.Ordinal))];

    /// <summary>A site where pods run: on the dev cluster, or on the API server of BERTH_TEST_KUBECONFIG.</summary>
    public static async Task<Site> StartWithPodsAsync(string helm)
    {
        Site site;
        if (Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG") is { Length: > 0 } kubeconfig)
        {
            site = new Site(helm) { Admin = Path.GetFullPath(kubeconfig) };
            site._given = await GivenSite.TakeAsync(site._kubectl, site.Admin, site._home.Path);
            site.AdminName = await site._given.WhoAsync();
        }
        else site = await StartAsync(helm);
        await site.DatabaseAsync();
        await site.RunPodsAsync();
        return site;
    }

    public static async Task<Site> StartAsync(string helm, params string[] users)
    {
        var site = new Site(helm);
        site._cluster = await DevCluster.DevCluster.StartAsync(new DevClusterOptions { Rbac = true, IdentityRule = false, Denied = site._denied.Enqueue, Users = ["alice", "bob", .. users] });
        site.Admin = await site.FileAsync("config-admin", site._cluster.AdminKubeconfig);
        return site;
    }

    /// <summary>Starts pods as processes; images of Berth are what this build made.</summary>
    private async Task RunPodsAsync()
    {
        // Not below the temporary directory: the chart mounts an empty volume over the pod's.
        _image = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "image-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        // All pods share the machine's network: each listens at its own address alone, so that replicas have the same ports as they have in a cluster.
        await File.WriteAllTextAsync(Path.Combine(_image, "entrypoint"), $$"""
            #!/bin/sh
            for name in Http__Address Gateway__Address View__Address; do
              eval "value=\$$name"
              case $value in 0.0.0.0:*) export "$name=$POD_IP:${value#0.0.0.0:}" ;; esac
            done
            exec {{Output("Berth.Operator")}}/Berth.Operator "$@"

            """);
        File.SetUnixFileMode(Path.Combine(_image, "entrypoint"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.True(File.Exists(Path.Combine(Output("Berth.Agent"), "Berth.Agent")), "Berth.Agent is not built: build the solution first");
        _pods = await PodRunner.StartAsync(
            new PodRunnerOptions
            {
                KubeConfig = Admin,
                Directory = Path.Combine(_home.Path, "p"),
                RestartBackoff = TimeSpan.FromSeconds(1),
                PodAddresses = true,
                Images = new Dictionary<string, string> { ["berth-operator"] = _image, ["berth-agent"] = Output("Berth.Agent"), ["berth-agent-musl"] = await OtherAgentAsync() },
                Report = static _ => { },
            },
            CancellationToken.None);
        _gateway = new ServiceRelay(ReadyGatewaysAsync);
    }

    /// <summary>A new database, and the Secret <c>pg</c> that names it.</summary>
    private async Task DatabaseAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        await KubectlAsync(Admin, "create", "namespace", Namespace);
        await KubectlAsync(Admin, "-n", Namespace, "create", "secret", "generic", "pg", "--from-literal=connectionString=" + await _postgres.CreateDatabaseAsync());
    }

    /// <summary>Port on 127.0.0.1 that stands for the gateway's Service.</summary>
    public int Gateway => _gateway!.Port;

    /// <summary>Values that make a release run here. Ports that nobody on this machine listens at, whatever address.</summary>
    public string[] Values(int replicas = 1) =>
    [
        "--set", $"replicas={replicas}", "--set", Chart.WithDatabase, "--set", $"gateway.addresses=127.0.0.1:{Gateway}",
        "--set", $"httpPort={_ports[0]}", "--set", $"gateway.port={_ports[1]}", "--set", $"view.port={_ports[2]}",
        // Another API server does not reach the Service of the aggregated API, which is an address of nobody's.
        .. _given is null ? Array.Empty<string>() : ["--set", "view.enabled=false"],
    ];

    public Task<string> HelmAsync(params string[] arguments) => Tool.RunAsync(_helm, _home.Path, Admin, arguments);

    public Task<(int Code, string Output, string Error)> TryHelmAsync(params string[] arguments) => Tool.TryAsync(_helm, _home.Path, Admin, arguments);

    public Task<string> InstallAsync(params string[] options) => HelmAsync(["install", "berth", Chart.Folder, "-n", Namespace, "--create-namespace", .. options]);

    public Task<string> UpgradeAsync(params string[] options) => HelmAsync(["upgrade", "berth", Chart.Folder, "-n", Namespace, .. options]);

    public Task<string> KubectlAsync(string who, params string[] arguments) => Tool.RunAsync(_kubectl, _home.Path, who, arguments);

    /// <summary>kubectl as an administrator.</summary>
    public Task<string> AdminAsync(params string[] arguments) => KubectlAsync(Admin, arguments);

    /// <summary>What a command printed, errors included.</summary>
    public async Task<string> PrintedAsync(string who, params string[] arguments)
    {
        var (_, output, error) = await Tool.TryAsync(_kubectl, _home.Path, who, arguments);
        return error + output;
    }

    /// <summary>A command that must be refused with these words.</summary>
    public async Task RefusedAsync(string who, string says, params string[] arguments)
    {
        var (code, output, error) = await Tool.TryAsync(_kubectl, _home.Path, who, arguments);
        Assert.True(code != 0 && error.Contains(says, StringComparison.Ordinal), $"kubectl {string.Join(' ', arguments)} ended with {code}: {error}{output}");
    }

    /// <summary>Waits for something of a resource; says what the operator and the pods say when it does not come.</summary>
    public async Task WaitAsync(string ns, string resource, string until, int seconds = 90)
    {
        var (code, _, error) = await Tool.TryAsync(_kubectl, _home.Path, Admin, "-n", ns, "wait", resource, "--for=" + until, $"--timeout={seconds}s");
        if (code != 0) Assert.Fail($"{resource} in {ns} did not reach {until}: {error}{await StateAsync(ns)}");
    }

    /// <summary>Waits until something holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, string what, int seconds = 60)
    {
        for (var until = DateTime.UtcNow.AddSeconds(seconds); !await holds(); await Task.Delay(200))
            if (DateTime.UtcNow > until) Assert.Fail($"not within {seconds} s: {what}{await StateAsync("default")}");
    }

    /// <summary>Waits until the operators of a release run.</summary>
    public async Task RolledOutAsync()
    {
        var (code, output, error) = await Tool.TryAsync(_kubectl, _home.Path, Admin, "-n", Namespace, "rollout", "status", "deployment/berth", "--timeout=90s");
        if (code != 0) Assert.Fail($"the operator does not run: {output}{error}{await StateAsync(Namespace)}");
    }

    public async Task<JsonNode> GetAsync(string ns, string resource) => JsonNode.Parse(await AdminAsync("-n", ns, "get", resource, "-o", "json"))!;

    public async Task<string> UserAsync(string name) => await FileAsync("config-" + name, _given is not null ? await _given.KubeconfigOfAsync(name) : _cluster!.KubeconfigOf(name));

    public Task<string> CreateAsync(string who, string ns, string yaml) => ApplyAsync(who, ns, yaml);

    public async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_home.Path, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        if (_given is not null) await _given.EndAsync(_helm, Namespace);
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_pods is not null) await _pods.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        _given?.Dispose();
        if (_postgres is not null) await _postgres.DisposeAsync();
        if (_image is not null) Directory.Delete(_image, recursive: true);
        _home.Dispose();
    }

    private async Task<string> ApplyAsync(string who, string ns, string yaml) =>
        await KubectlAsync(who, "-n", ns, "create", "-o", "name", "-f", await FileAsync(string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}.yaml"), yaml));

    private async Task<string> StateAsync(string ns)
    {
        var parts = new[]
        {
            ("pods", await Tool.TryAsync(_kubectl, _home.Path, Admin, "get", "pods", "-A", "-o", "wide")),
            ("containers", await Tool.TryAsync(_kubectl, _home.Path, Admin, "get", "pods", "-A", "-o", "jsonpath={range .items[*]}{.metadata.name}: {.status.initContainerStatuses[*].state}{.status.containerStatuses[*].state}{\"\\n\"}{end}")),
            ("tasks and pools", await Tool.TryAsync(_kubectl, _home.Path, Admin, "-n", ns, "get", "tasks,agentpools", "-o", "yaml")),
            ("operator", await Tool.TryAsync(_kubectl, _home.Path, Admin, "-n", Namespace, "logs", "deployment/berth", "--tail=40")),
        };
        return string.Join('\n', parts.Select(p => $"--- {p.Item1}\n{string.Join('\n', (p.Item2.Output + p.Item2.Error).Split('\n').Select(l => l.Length > 360 ? l[..360] : l))}")) + "\n--- refused\n" + string.Join('\n', Denied);
    }

    /// <summary>An agent whose runner wants a loader that the task's image does not have.</summary>
    private async Task<string> OtherAgentAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_image!, "musl")).FullName;
        var program = Path.Combine(folder, "Berth.Agent");
        await File.WriteAllTextAsync(program, $"""
            #!/bin/sh
            [ "$1" = install ] || exec {Output("Berth.Agent")}/Berth.Agent "$@"
            printf '#!/lib/ld-of-another-library.so.1\n' > "$2/Berth.Agent" && chmod 755 "$2/Berth.Agent"

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return folder;
    }

    // Of the pods themselves: a real API server accepts no EndpointSlice with an address of the loopback.
    private async Task<IReadOnlyList<IPEndPoint>> ReadyGatewaysAsync()
    {
        var (code, output, _) = await Tool.TryAsync(_kubectl, _home.Path, Admin, "-n", Namespace, "get", "pods", "-l", "app.kubernetes.io/component=operator", "-o", "json");
        if (code != 0) return [];
        return
        [
            .. from pod in JsonNode.Parse(output)!["items"]!.AsArray()
               where pod["metadata"]!["deletionTimestamp"] is null && pod["status"]?["podIP"] is not null
               where pod["status"]!["conditions"]!.AsArray().Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True")
               select new IPEndPoint(IPAddress.Parse((string)pod["status"]!["podIP"]!), _ports[1]),
        ];
    }

    private static string Output(string project)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return Path.Combine(Chart.Root, "src", project, "bin", Path.GetFileName(Path.GetDirectoryName(output)!), Path.GetFileName(output));
    }
}
