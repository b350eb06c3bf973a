using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Benchmarks.Runtime;
using Berth.DevCluster;
using Berth.DevCluster.Http;
using Berth.Kubernetes;
using Berth.Testing;

namespace Berth.Benchmarks.Machinery;

/// <summary>
/// An API server, a database and one operator, each a process of its own, without pods: for what would need more of them than a machine
/// can run. The API server is a dev cluster, or with BERTH_TEST_KUBECONFIG that one.
/// </summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _directory;
    private readonly ServedCluster? _server;
    private readonly PostgresServer _postgres;
    private readonly string _database;
    private readonly string _kubeconfig;
    private readonly HttpClient _http = new();
    private readonly List<string> _namespaces = [];

    private BenchCluster(string directory, ServedCluster? server, string kubeconfig, PostgresServer postgres, string database)
    {
        (_directory, _server, _kubeconfig, _postgres, _database) = (directory, server, kubeconfig, postgres, database);
        Config = KubernetesConfig.Load(kubeconfig);
        Client = new KubernetesClient(Config, new() { UserAgent = "berth-bench" });
    }

    public KubernetesConfig Config { get; }

    public KubernetesClient Client { get; }

    /// <summary>Whether the API server is a real one.</summary>
    public bool IsReal => _server is null;

    /// <summary>The dev cluster; null with a real API server.</summary>
    public ServedCluster? Server => _server;

    /// <summary>Connection string of the database.</summary>
    public string Database => _database;

    /// <summary>The operator, while one runs.</summary>
    public BenchProcess? Operator { get; private set; }

    public Uri OperatorUrl { get; private set; } = new("http://127.0.0.1");

    public static async Task<BenchCluster> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("berth-bench-").FullName;
        ServedCluster? server = null;
        var kubeconfig = Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG");
        if (kubeconfig is not { Length: > 0 }) server = await ServedCluster.StartAsync(Path.Combine(BenchProcess.Tree(), "crds"), kubeconfig = Path.Combine(directory, "kubeconfig"));
        var postgres = await PostgresServer.StartAsync(alwaysPrivate: true);
        var cluster = new BenchCluster(directory, server, kubeconfig, postgres, await postgres.CreateDatabaseAsync());
        await cluster.PrepareAsync();
        return cluster;
    }

    /// <summary>A client that acts as this user.</summary>
    public KubernetesClient As(string user) => new(Config with { ImpersonateUser = user, ImpersonateGroups = ["system:masters"] }, new() { UserAgent = "berth-bench" });

    /// <summary>A namespace of its own.</summary>
    public async Task<string> NamespaceAsync()
    {
        var name = "bench-" + Guid.NewGuid().ToString("N")[..8];
        await Client.CreateAsync(Kubernetes.Resources.Namespaces, new Namespace { Metadata = new() { Name = name } });
        _namespaces.Add(name);
        return name;
    }

    /// <summary>Creates the pool <c>pool</c>, whose pods nobody runs.</summary>
    public Task CreatePoolAsync(string ns, int pods, int slotsPerPod) => Client.CreateAsync(Kinds.AnyPool, new JsonObject
    {
        ["apiVersion"] = Names.ApiVersion,
        ["kind"] = "AgentPool",
        ["metadata"] = new JsonObject { ["name"] = "pool", ["namespace"] = ns },
        ["spec"] = new JsonObject
        {
            ["replicas"] = pods,
            ["slotsPerPod"] = slotsPerPod,
            ["applySlotsPerPod"] = slotsPerPod,
            ["policy"] = new JsonObject { ["approval"] = "Auto" },
            ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "task", ["image"] = "bench" }) } },
        },
    }, ns);

    /// <summary>Starts an operator; returns when it is ready.</summary>
    public async Task StartOperatorAsync()
    {
        var ports = FreePorts.Take(3);
        var gateway = $"127.0.0.1:{ports[1].ToString(CultureInfo.InvariantCulture)}";
        OperatorUrl = new($"http://127.0.0.1:{ports[0].ToString(CultureInfo.InvariantCulture)}");
        Operator = BenchProcess.Start("operator", _directory, BenchProcess.Program("Berth.Operator"),
        [
            $"--kubeconfig={_kubeconfig}", "--Identity=bench", "--Operator:Namespace=berth-system", $"--Http:Address={OperatorUrl.Authority}",
            $"--Gateway:Address={gateway}", $"--Gateway:Addresses={gateway}", string.Create(CultureInfo.InvariantCulture, $"--View:Address=127.0.0.1:{ports[2]}"), $"--Postgres:ConnectionString={_database}", "--Images:Agent=bench",
        ]);
        await Wait.UntilAsync(async () => Operator.HasEnded || await IsReadyAsync(), Patience, "the operator is ready", 5);
        if (Operator.HasEnded) throw new InvalidOperationException($"the operator ended:\n{Operator.Tail()}");
    }

    /// <summary>Whether the operator answers that it is ready (and leads, if asked).</summary>
    public async Task<bool> IsReadyAsync(bool leading = false)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(OperatorUrl, "/readyz"));
            return answer.IsSuccessStatusCode && (!leading || (await answer.Content.ReadAsStringAsync()).Contains("role: leader", StringComparison.Ordinal));
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async Task StopOperatorAsync()
    {
        if (Operator is { } running) await running.DisposeAsync();
        Operator = null;
    }

    public async Task<Scrape> OperatorMetricsAsync() => Scrape.Read(await _http.GetStringAsync(new Uri(OperatorUrl, "/metrics")));

    /// <summary>The API server's own count of requests.</summary>
    public async Task<Scrape> ServerMetricsAsync() =>
        Scrape.Read(System.Text.Encoding.UTF8.GetString(await Client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = "/metrics", Accept = "*/*" })));

    public async ValueTask DisposeAsync()
    {
        if (IsReal)
        {
            // The operator takes its finalizers off while the namespaces go.
            foreach (var ns in _namespaces) await Client.DeleteAsync(Kubernetes.Resources.Namespaces, new ObjectKey(ns));
            foreach (var ns in _namespaces) await Wait.UntilAsync(async () => await Client.TryGetAsync(Kubernetes.Resources.Namespaces, new ObjectKey(ns)) is null, Patience, $"namespace {ns} is gone", 500);
        }
        await StopOperatorAsync();
        Client.Dispose();
        _http.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        await _postgres.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static ResourceType<JsonObject> TypeOf(JsonObject item)
    {
        var (group, kind) = (((string)item["apiVersion"]!).Split('/')[0], (string)item["kind"]!);
        var plural = kind.ToLowerInvariant();
        return Kubernetes.Resources.Dynamic(group, "v1", plural.EndsWith('y') ? plural[..^1] + "ies" : plural + "s", kind, namespaced: false);
    }

    private async Task PrepareAsync()
    {
        if (IsReal)
        {
            // Without the policies no approval is honoured.
            foreach (var file in Directory.EnumerateFiles(Path.Combine(BenchProcess.Tree(), "crds"), "*.yaml").Append(Path.Combine(BenchProcess.Tree(), "deploy/policies/approvals.yaml")))
                foreach (var item in Yaml.Documents(await File.ReadAllTextAsync(file)))
                    await Client.PatchAsync(TypeOf(item), new ObjectKey(null, (string)item["metadata"]!["name"]!), Patch.Apply(item), options: new WriteOptions { FieldManager = "berth-bench", Force = true });
            // Nodes' own garbage does not matter here, but yesterday's Lease would make the operator wait for its end.
            await Client.DeleteAsync(Kubernetes.Resources.Leases, new ObjectKey("berth-system", "berth-operator"));
        }
        if (await Client.TryGetAsync(Kubernetes.Resources.Namespaces, new ObjectKey("berth-system")) is null)
            await Client.CreateAsync(Kubernetes.Resources.Namespaces, new Namespace { Metadata = new() { Name = "berth-system" } });
    }
}
