using System.Text.Json.Nodes;
using Berth.DevCluster.Pods;
using Berth.DevCluster.Pods.Client;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

/// <summary>An API server with controllers and a pod runner, in this process, and ways to look at them.</summary>
internal sealed class PodCluster : IAsyncDisposable
{
    private readonly DevCluster _server;
    private readonly List<string> _told = [];

    private PodCluster(DevCluster server, string folder)
    {
        _server = server;
        Folder = folder;
        Api = new ApiClient(KubeConfig.Load(KubeConfigFile), "tests");
    }

    public string Folder { get; }

    public ApiClient Api { get; }

    public PodRunner Runner { get; private set; } = null!;

    public string KubeConfigFile => Path.Combine(Folder, "kubeconfig");

    public IReadOnlyList<string> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    public PodRunnerOptions Options => new()
    {
        KubeConfig = KubeConfigFile,
        Directory = Path.Combine(Folder, "p"),
        RestartBackoff = TimeSpan.FromMilliseconds(400),
        Heartbeat = TimeSpan.FromMilliseconds(300),
        Report = Tell,
    };

    public static async Task<PodCluster> StartAsync(Func<PodRunnerOptions, PodRunnerOptions>? with = null, bool runner = true)
    {
        string folder = Directory.CreateTempSubdirectory("bpt-").FullName;
        PodCluster? cluster = null;
        DevCluster server = await DevCluster.StartAsync(new DevClusterOptions { NodeGrace = TimeSpan.FromSeconds(1.5), Log = line => cluster?.Tell(line) });
        await File.WriteAllTextAsync(Path.Combine(folder, "kubeconfig"), server.AdminKubeconfig);
        cluster = new PodCluster(server, folder);
        if (runner)
        {
            await cluster.StartRunnerAsync(with);
        }

        return cluster;
    }

    public async Task StartRunnerAsync(Func<PodRunnerOptions, PodRunnerOptions>? with = null) =>
        Runner = await PodRunner.StartAsync(with?.Invoke(Options) ?? Options, CancellationToken.None);

    public Task<JsonObject> CreateAsync(string path, string json) => Api.CreateAsync(path, JsonNode.Parse(json)!, CancellationToken.None);

    /// <summary>Creates a pod in namespace default; <paramref name="spec"/> is JSON.</summary>
    public Task<JsonObject> PodAsync(string name, string spec, string metadata = "") => CreateAsync(
        "api/v1/namespaces/default/pods",
        $$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}"{{metadata}}},"spec":{{spec}}}""");

    public Task<JsonObject?> FindPodAsync(string name) => Api.FindAsync($"api/v1/namespaces/default/pods/{name}", CancellationToken.None);

    public Task<JsonObject> UntilPodAsync(string name, Func<JsonObject, bool> condition, string what, int seconds = 30) =>
        UntilAsync($"api/v1/namespaces/default/pods/{name}", condition, what, seconds);

    public async Task<JsonObject> UntilAsync(string path, Func<JsonObject, bool> condition, string what, int seconds = 30)
    {
        JsonObject? last = null;
        try
        {
            await Wait.UntilAsync(async () => (last = await Api.FindAsync(path, CancellationToken.None)) is not null && condition(last), what, seconds);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"waited in vain for {what}; {path} is {last?.ToJsonString() ?? "gone"}; told: {string.Join('\n', Told)}");
        }

        return last!;
    }

    public Task UntilGoneAsync(string path, int seconds = 30) =>
        Wait.UntilAsync(async () => await Api.FindAsync(path, CancellationToken.None) is null, $"{path} to be gone; told: {string.Join('\n', Told)}", seconds);

    public async Task<string> LogAsync(string pod, string container, string query = "")
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(Runner.Endpoint, $"containerLogs/default/{pod}/{container}?{query}"));
    }

    public async Task LieAsync(string path)
    {
        using var http = new HttpClient();
        using HttpResponseMessage answer = await http.PostAsync(new Uri(Runner.Endpoint, "admin/" + path), null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What <c>GET /admin/pods</c> says of one container.</summary>
    public async Task<(int Pid, int[] Pids)> PidsAsync(string pod, string container)
    {
        using var http = new HttpClient();
        JsonNode pods = JsonNode.Parse(await http.GetStringAsync(new Uri(Runner.Endpoint, "admin/pods")))!;
        JsonNode found = pods.AsArray().Single(item => item.Text("name") == pod)!.Items("containers").Single(item => item.Text("name") == container);
        return ((int)(found.Number("pid") ?? 0), [.. found.Items("pids").Select(static pid => (int)pid)]);
    }

    public async ValueTask DisposeAsync()
    {
        if (Runner is not null)
        {
            await Runner.DisposeAsync();
        }

        Api.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private void Tell(string line)
    {
        lock (_told)
        {
            _told.Add(line);
        }
    }
}
