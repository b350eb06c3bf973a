using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>A hundred thousand objects. The figures are printed; only order and completeness are asserted.</summary>
[Trait("Suite", "Long")]
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int Objects = 100_000;
    private const int Watchers = 50;

    [Fact]
    public async Task A_hundred_thousand_objects_and_fifty_watchers()
    {
        await using var cluster = await DevCluster.StartAsync(new() { Controllers = false, HistoryCapacity = 200_000 });
        using var api = new TestApi(cluster);
        await Gadgets.Define(api);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, Objects, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var reply = await api.Post(Gadgets.All, Gadgets.Named($"g{i:000000}", $$"""{"size":{{i}},"owner":"somebody","steps":[{"name":"a","run":"b"}]}"""));
            Assert.Equal(201, reply.Status);
        });
        output.WriteLine($"creates: {Objects / watch.Elapsed.TotalSeconds:0}/s");
        cluster.Compact();
        output.WriteLine($"memory: {(GC.GetTotalMemory(forceFullCollection: true) - before) / Objects} bytes per object");

        watch.Restart();
        using var all = await api.Client.GetAsync(new Uri(Gadgets.All, UriKind.Relative), TestContext.Current.CancellationToken);
        var bytes = (await all.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length;
        output.WriteLine($"list: {bytes / 1_000_000} MB in {watch.ElapsedMilliseconds} ms");

        watch.Restart();
        var (seen, next) = (0, "");
        do
        {
            var page = await api.Get($"{Gadgets.All}?limit=500&continue={Uri.EscapeDataString(next)}");
            seen += page.Body["items"]!.AsArray().Count;
            next = (string?)page.Body["metadata"]!["continue"] ?? "";
        }
        while (next.Length > 0);
        output.WriteLine($"paged list: {watch.ElapsedMilliseconds} ms");
        Assert.Equal(Objects, seen);
        await Patches(api);
    }

    private async Task Patches(TestApi api)
    {
        const int patches = 5000;
        var start = (await api.Get(Gadgets.All + "?limit=1")).Version;
        var watching = Enumerable.Range(0, Watchers).Select(_ => api.Watch($"{Gadgets.All}?watch=1&resourceVersion={start}", patches, seconds: 120)).ToList();
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, patches, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
            await api.Merge($"{Gadgets.All}/g{i:000000}/status", """{"status":{"phase":"Running"}}"""));
        output.WriteLine($"status patches beside {Watchers} watchers: {patches / watch.Elapsed.TotalSeconds:0}/s");
        var events = await Task.WhenAll(watching);
        output.WriteLine($"all watchers up to date after {watch.ElapsedMilliseconds} ms");
        Assert.All(events, e => Assert.Equal(patches, e.Count));
    }

    [Fact]
    public async Task Status_patches_are_cheap()
    {
        await using var cluster = await DevCluster.StartAsync(new() { Controllers = false });
        using var api = new TestApi(cluster);
        await Gadgets.Define(api);
        for (var i = 0; i < 16; i++) await api.Post(Gadgets.All, Gadgets.Named($"g{i}", """{"size":1}"""));
        async Task<double> Round(int patches)
        {
            var watch = Stopwatch.StartNew();
            await Parallel.ForAsync(0, patches, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
                await api.Merge($"{Gadgets.All}/g{i % 16}/status", new JsonObject { ["status"] = new JsonObject { ["phase"] = $"p{i}" } }.ToJsonString()));
            return patches / watch.Elapsed.TotalSeconds;
        }
        await Round(3000);
        var rate = await Round(10_000);
        output.WriteLine($"status merge patches: {rate:0}/s, client and server in one process");
        Assert.True(rate > 200, $"{rate:0} patches a second");
    }
}
