using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Testing;

/// <summary>
/// Berth with real processes, as <c>./dev up</c> starts it: API server, pods, two operators, and a PostgreSQL of its own. With
/// BERTH_TEST_KUBECONFIG the API server is that cluster's.
/// </summary>
public sealed class BerthStack : IAsyncDisposable
{
    private readonly KubernetesConfig _config;
    private readonly GivenClusterTurn? _turn;

    private BerthStack(string directory, PostgresServer postgres, GivenClusterTurn? turn)
    {
        (Directory, Postgres, _turn) = (directory, postgres, turn);
        _config = KubernetesConfig.Load(Path.Combine(directory, "kubeconfig"));
        Client = new KubernetesClient(_config);
        Pods = new PodsAdmin(directory);
    }

    /// <summary>The instance's directory.</summary>
    public string Directory { get; }

    /// <summary>The database server.</summary>
    public PostgresServer Postgres { get; }

    /// <summary>A client with all rights.</summary>
    public KubernetesClient Client { get; }

    /// <summary>What the pod runner does on command.</summary>
    public PodsAdmin Pods { get; }

    /// <summary>Starts an instance.</summary>
    /// <param name="replicas">How many operators.</param>
    /// <param name="environment">Variables for every process of it: options of the operator, with <c>__</c> between section and key.</param>
    public static async Task<BerthStack> StartAsync(int replicas = 2, IReadOnlyDictionary<string, string>? environment = null)
    {
        var directory = Path.Combine(Path.GetTempPath(), "be-" + Guid.NewGuid().ToString("N")[..8]);
        var given = Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG");
        var turn = given is { Length: > 0 } ? await GivenClusterTurn.TakeAsync(given) : null;
        var postgres = await PostgresServer.StartAsync(alwaysPrivate: true);
        var database = await postgres.CreateDatabaseAsync();
        var arguments = new List<string> { "dev", "up", "--faults", "--nodes", "2", "--dir", directory, "--replicas", replicas.ToString(CultureInfo.InvariantCulture), "--postgres", database, "--while", Environment.ProcessId.ToString(CultureInfo.InvariantCulture) };
        if (given is { Length: > 0 }) arguments.AddRange(["--kubeconfig", given]);
        try
        {
            await RunAsync(arguments, environment);
            return new BerthStack(directory, postgres, turn);
        }
        catch
        {
            await postgres.DisposeAsync();
            turn?.Dispose();
            throw;
        }
    }

    /// <summary>A value of the instance's env file as it is now.</summary>
    public string Env(string name) => File.ReadAllLines(Path.Combine(Directory, "env"))
        .Where(l => l.StartsWith(name + "=", StringComparison.Ordinal)).Select(l => l[(name.Length + 1)..].Trim('\'')).FirstOrDefault() ?? throw new InvalidOperationException($"the env file has no {name}");

    /// <summary>Pids of the operators, by replica.</summary>
    public IReadOnlyList<int> OperatorPids() => [.. Env("OPERATOR_PIDS").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => int.Parse(p, CultureInfo.InvariantCulture))];

    /// <summary>What each replica says of its readiness, by replica; fails while one is not ready.</summary>
    public async Task<IReadOnlyList<string>> ReadinessAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        return await Task.WhenAll(Env("OPERATOR_URLS").Split(' ').Select(u => http.GetStringAsync(new Uri(u + "/readyz"))));
    }

    /// <summary>Waits until every replica is ready: one that an earlier scenario ended may still be waiting for its next start.</summary>
    public async Task UntilReadyAsync()
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(100))
        {
            try
            {
                await ReadinessAsync();
                return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                if (DateTime.UtcNow > end) throw new TimeoutException($"not every replica became ready: {e.Message}", e);
            }
        }
    }

    /// <summary>A client that acts as this user.</summary>
    public KubernetesClient As(string user) => new(_config with { ImpersonateUser = user, ImpersonateGroups = ["system:masters"] });

    /// <summary>Pid of the operator that holds the Lease; waits while that replica is being started again.</summary>
    public async Task<int> LeaderPidAsync()
    {
        for (var end = DateTime.UtcNow.AddMinutes(1); ; await Task.Delay(100))
        {
            var lease = await Client.GetAsync(Resources.Leases, new ObjectKey("berth-system", "berth-operator"));
            var replica = lease.Spec!.HolderIdentity?.Split('_')[0];
            var process = File.ReadAllLines(Path.Combine(Directory, "processes")).Select(l => l.Split(' ')).FirstOrDefault(p => p[0] == replica);
            if (process is not null) return int.Parse(process[1].Split(':')[0], CultureInfo.InvariantCulture);
            if (DateTime.UtcNow > end) throw new TimeoutException($"the Lease is held by '{replica}', which does not run");
        }
    }

    /// <summary>Has the API server misbehave; see docs/dev-cluster.md.</summary>
    /// <param name="action">Path below <c>/_faults</c>: empty to set the rule, <c>restart?downMilliseconds=N</c>, …</param>
    /// <param name="rule">The rule to set.</param>
    public async Task FaultAsync(string action, JsonObject? rule = null)
    {
        using var answer = await Client.SendAsync(new ApiRequest { Method = HttpMethod.Post, Path = $"/_faults{(action.Length > 0 ? "/" : "")}{action}", Body = Encoding.UTF8.GetBytes((rule ?? []).ToJsonString()) });
    }

    /// <summary>Clears all faults.</summary>
    public async Task ClearFaultsAsync()
    {
        using var answer = await Client.SendAsync(new ApiRequest { Method = HttpMethod.Delete, Path = "/_faults" });
    }

    /// <summary>A namespace of its own with one pool named <c>pool</c>.</summary>
    public async Task<TestSpace> SpaceAsync(JsonObject? pool = null)
    {
        var name = "t-" + Guid.NewGuid().ToString("N")[..8];
        await Client.CreateAsync(Resources.Namespaces, new Namespace { Metadata = new ObjectMeta { Name = name } });
        var space = new TestSpace(this, name);
        await space.CreatePoolAsync(pool);
        return space;
    }

    /// <summary>Sends a signal.</summary>
    public static void Signal(int pid, string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    /// <summary>The last lines of every log, for a failing test.</summary>
    public string Logs(int lines = 15) => string.Join('\n', System.IO.Directory.GetFiles(Path.Combine(Directory, "logs"), "operator-*.log").Select(f => $"== {Path.GetFileName(f)}\n{string.Join('\n', ReadShared(f).TakeLast(lines))}"));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Pods.Dispose();
        await RunAsync(["dev", "down", "--dir", Directory]);
        await Postgres.DisposeAsync();
        _turn?.Dispose();
        if (Environment.GetEnvironmentVariable("BERTH_TEST_KEEP") is not { Length: > 0 } && System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static IEnumerable<string> ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static async Task RunAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(CliPath(), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (error, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(limit.Token);
        if (process.ExitCode != 0) throw new InvalidOperationException($"berth {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await error}\n{await output}");
    }

    /// <summary>The CLI of the tree this test was built in.</summary>
    public static string CliPath()
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var (framework, configuration) = (Path.GetFileName(output), Path.GetFileName(Path.GetDirectoryName(output)!));
        for (var folder = new DirectoryInfo(output); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln"))) return Path.Combine(folder.FullName, "src", "Berth.Cli", "bin", configuration, framework, "Berth.Cli");
        throw new InvalidOperationException("the tests do not run in the source tree");
    }
}
