using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>Objects that outlive the process.</summary>
public sealed class PersistenceTests : IDisposable
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("berth-persist-");

    public void Dispose() => _directory.Delete(recursive: true);

    private DevClusterOptions Options => new() { Controllers = false, PersistTo = Path.Combine(_directory.FullName, "data") };

    [Fact]
    public async Task Objects_definitions_tokens_and_versions_survive_a_restart()
    {
        string token, version;
        await using (var first = await DevCluster.StartAsync(Options))
        {
            using var api = new TestApi(first);
            await Gadgets.Define(api);
            version = (await api.Post(Gadgets.All, Gadgets.Named("g", """{"size":3}"""))).Version;
            await api.Post(Maps, """{"metadata":{"name":"gone"}}""");
            await api.Delete(Maps + "/gone");
            token = first.AdminToken;
        }
        await using var second = await DevCluster.StartAsync(Options);
        using var after = new TestApi(second);
        var found = await after.Get(Gadgets.All + "/g");
        Assert.Equal((200, version), (found.Status, found.Version));
        Assert.Equal(404, (await after.Get(Maps + "/gone")).Status);
        Assert.Equal(token, second.AdminToken);
        var next = await after.Merge(Gadgets.All + "/g", """{"spec":{"size":4}}""");
        Assert.True(long.Parse(next.Version) > long.Parse(version));
    }

    [Fact]
    public async Task A_changed_definition_file_renews_what_was_kept()
    {
        var file = Path.Combine(_directory.FullName, "gadgets.yaml");
        async Task<Reply> With(string definition, string spec)
        {
            await File.WriteAllTextAsync(file, definition, TestContext.Current.CancellationToken);
            var options = Options;
            options.Crds = file;
            await using var cluster = await DevCluster.StartAsync(options);
            using var api = new TestApi(cluster);
            return await api.Send(HttpMethod.Post, Gadgets.All + "?fieldValidation=Strict&dryRun=All", Gadgets.Named("g", spec), "application/json");
        }
        Assert.Equal(400, (await With(Gadgets.Definition, """{"colour":"blue"}""")).Status);
        var more = Gadgets.Definition.Replace("\"size\":{\"type\":\"integer\"}", "\"size\":{\"type\":\"integer\"},\"colour\":{\"type\":\"string\"}", StringComparison.Ordinal);
        Assert.Equal(201, (await With(more, """{"colour":"blue"}""")).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(40)]
    public async Task A_record_cut_off_in_the_middle_is_dropped_and_the_rest_is_whole(int cut)
    {
        await using (var first = await DevCluster.StartAsync(Options))
        {
            using var api = new TestApi(first);
            foreach (var name in (string[])["a", "b", "last"]) await api.Post(Maps, $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        }
        var log = new FileInfo(Path.Combine(Options.PersistTo!, "log"));
        using (var file = log.Open(FileMode.Open)) file.SetLength(file.Length - cut);
        await using var second = await DevCluster.StartAsync(Options);
        using var after = new TestApi(second);
        Assert.Equal(["a", "b"], (await after.Get(Maps)).Names.Where(n => n is "a" or "b" or "last"));
        Assert.Equal(201, (await after.Post(Maps, """{"metadata":{"name":"last"}}""")).Status);
    }

    [Fact]
    public async Task Every_answered_write_survives_kill_9()
    {
        var answered = new List<string>();
        using (var server = Serve())
        {
            using var client = await Connect();
            using var stop = new CancellationTokenSource();
            var writing = Task.Run(async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    using var body = new StringContent($$$"""{"metadata":{"name":"k{{{i}}}"}}""", null, "application/json");
                    using var answer = await client.PostAsync(new Uri(Maps, UriKind.Relative), body, stop.Token);
                    if (answer.IsSuccessStatusCode) lock (answered) answered.Add($"k{i}");
                }
            }, TestContext.Current.CancellationToken);
            while (true)
            {
                lock (answered) if (answered.Count >= 50) break;
                await Task.Yield();
            }
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => writing);
        }
        await using var second = await DevCluster.StartAsync(Options);
        using var after = new TestApi(second);
        var names = (await after.Get(Maps)).Names.ToHashSet();
        Assert.Superset(answered.ToHashSet(), names);
    }

    private Process Serve()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList = { typeof(DevCluster).Assembly.Location, "serve", "--dir", _directory.FullName, "--persist" },
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    private async Task<HttpClient> Connect()
    {
        var ready = Path.Combine(_directory.FullName, "ready");
        var waited = Stopwatch.StartNew();
        while (!File.Exists(ready) && waited.Elapsed < TimeSpan.FromSeconds(60)) await Task.Delay(20, TestContext.Current.CancellationToken);
        var keys = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "data", "keys.json"), TestContext.Current.CancellationToken))!;
        using var root = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "ca.crt"), TestContext.Current.CancellationToken));
        var handler = Trust.Handler(System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(root.RawData));
        var client = new HttpClient(handler) { BaseAddress = new Uri((await File.ReadAllTextAsync(ready, TestContext.Current.CancellationToken)).Trim()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)keys["tokens"]!["admin-token"]!);
        return client;
    }
}
