using System.Diagnostics;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>The library as somebody else's test project uses it.</summary>
public sealed class LibraryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Three_lines_start_it()
    {
        await using var cluster = await DevCluster.StartAsync();
        using var client = cluster.CreateClient();
        Assert.Contains("kube-system", await client.GetStringAsync(new Uri("/api/v1/namespaces", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_warm_start_is_quick()
    {
        await using (await DevCluster.StartAsync()) { }
        var times = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            var watch = Stopwatch.StartNew();
            await using var cluster = await DevCluster.StartAsync();
            times.Add(watch.ElapsedMilliseconds);
        }
        output.WriteLine($"starts: {string.Join(", ", times)} ms");
        Assert.True(times.Min() < 300, $"the quickest of five starts took {times.Min()} ms");
    }

    [Fact]
    public async Task Instances_side_by_side_do_not_see_each_other()
    {
        var clusters = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => DevCluster.StartAsync(new() { Controllers = false })));
        try
        {
            for (var i = 0; i < clusters.Length; i++)
            {
                using var api = new TestApi(clusters[i]);
                Assert.Equal(201, (await api.Post("/api/v1/namespaces", $$$"""{"metadata":{"name":"only-{{{i}}}"}}""")).Status);
                Assert.Equal([$"only-{i}"], (await api.Get("/api/v1/namespaces")).Names.Where(n => n.StartsWith("only", StringComparison.Ordinal)));
            }
            Assert.Equal(4, clusters.Select(c => c.Url).Distinct().Count());
            using var stranger = new HttpClient(clusters[0].CreateHandler()) { BaseAddress = clusters[1].Url };
            await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken));
        }
        finally
        {
            foreach (var cluster in clusters) await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Somebody_elses_definitions_are_loaded_from_a_directory()
    {
        var directory = Directory.CreateTempSubdirectory("berth-crds-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "gadgets.yaml"), Gadgets.Definition, TestContext.Current.CancellationToken);
            await using var cluster = await DevCluster.StartAsync(new() { Crds = directory.FullName, Controllers = false });
            using var api = new TestApi(cluster);
            Assert.Equal(201, (await api.Post(Gadgets.All, Gadgets.Named("g"))).Status);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
