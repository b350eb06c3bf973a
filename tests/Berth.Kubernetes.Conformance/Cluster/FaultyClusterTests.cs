using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Faults;
using Xunit;

namespace Berth.Kubernetes.Conformance.Cluster;

/// <summary>The runtime on a dev cluster that misbehaves on command.</summary>
public class FaultyClusterTests
{
    private const string Ns = "default";

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public async Task Caches_and_controllers_end_up_right_through_any_trouble(int seed)
    {
        await using var dev = await Berth.DevCluster.DevCluster.StartAsync(new() { Faults = true, BookmarkInterval = TimeSpan.FromMilliseconds(200) });
        using var directory = new TemporaryDirectory();
        var config = KubernetesConfig.Load(directory.Write("config", dev.AdminKubeconfig));
        using var http = dev.CreateClient();
        var faults = new FaultDriver(http);
        // The faults meet the runtime alone, not the test that writes beside it.
        using var client = new KubernetesClient(config, new() { UserAgent = "under-test", RequestTimeout = TimeSpan.FromSeconds(2) });
        using var writer = new KubernetesClient(config, new() { UserAgent = "writer" });
        await Widgets.EnsureAsync(writer);

        using var stop = new CancellationTokenSource();
        var informer = new InformerFactory(client).For(Widgets.Type, InformerFixture.Quick with { Namespace = Ns, IdleTimeout = TimeSpan.FromSeconds(1) });
        var seen = new ConcurrentDictionary<string, int>();
        var failures = 0;
        using var controller = new Controller<ObjectKey>(new() { Name = $"faulty-{seed}", Workers = 2, MaxBackoff = TimeSpan.FromMilliseconds(200) }, async (key, cancel) =>
        {
            try
            {
                return await ReconcileAsync(client, informer, key, cancel);
            }
            catch (KubernetesException)
            {
                Interlocked.Increment(ref failures);
                throw;
            }
        });
        informer.AddHandler(e =>
        {
            if (e.Type == InformerEventType.Deleted) seen.TryRemove(e.Key.Name, out _);
            else seen[e.Key.Name] = Size(e.Object);
            controller.Queue.Add(e.Key);
        });
        var following = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        var working = controller.RunAsync(stop.Token);

        await TroubleAsync(faults, seed);
        var random = new Random(seed);
        for (var i = 0; i < 120; i++)
        {
            await WriteAsync(writer, $"w{random.Next(15)}", i, random.Next(4) == 0);
            if (random.Next(15) == 0) await faults.CutWatchesAsync();
            if (random.Next(25) == 0) await faults.CompactAsync();
        }
        await faults.ClearAsync();

        var truth = (await writer.ListAllAsync(Widgets.Type, Ns)).Items.ToDictionary(static w => Widgets.Type.KeyOf(w).Name, Size);
        await Eventually.Holds(() => seen.Count == truth.Count && truth.All(t => seen.TryGetValue(t.Key, out var size) && size == t.Value), $"seed {seed}: the handlers' view is the server's");
        await Eventually.Holds(() => informer.Store.List().All(static w => Phase(w) == Size(w).ToString(CultureInfo.InvariantCulture)), $"seed {seed}: every status follows its spec");
        Assert.True(failures > 5, $"seed {seed}: only {failures} reconciles failed, the trouble proves nothing");
        await stop.CancelAsync();
        await Task.WhenAll(working, following).WaitAsync(Eventually.Limit);
    }

    private static async Task TroubleAsync(FaultDriver faults, int seed)
    {
        foreach (var code in (int[])[410, 429, 500, 503])
            await faults.AddAsync(new() { Action = FaultAction.Error, Code = code, Resource = "widgets", UserAgent = "under-test", Probability = 0.1, Seed = seed + code });
        await faults.AddAsync(new() { Action = FaultAction.HalfOpen, Verb = "watch", UserAgent = "under-test", Probability = 0.15, Seed = seed });
        await faults.AddAsync(new() { Action = FaultAction.Drop, UserAgent = "under-test", Probability = 0.1, Seed = seed + 1 });
        await faults.AddAsync(new() { Action = FaultAction.DropAnswer, Verb = "patch", UserAgent = "under-test", Probability = 0.2, Seed = seed + 2 });
        await faults.AddAsync(new() { Action = FaultAction.Error, Code = 409, Verb = "patch", UserAgent = "under-test", Probability = 0.2, Seed = seed + 3 });
    }

    private static async Task WriteAsync(KubernetesClient writer, string name, int number, bool remove)
    {
        var key = new ObjectKey(Ns, name);
        if (remove)
        {
            await writer.DeleteAsync(Widgets.Type, key);
            return;
        }
        var widget = Widgets.New(Ns, name, number % 100);
        await writer.PatchAsync(Widgets.Type, key, Patch.Apply(widget), options: new() { FieldManager = "writer", Force = true });
    }

    private static async ValueTask<ReconcileResult> ReconcileAsync(KubernetesClient client, Informer<JsonObject> informer, ObjectKey key, CancellationToken cancel)
    {
        if (informer.Store.Get(key) is not { } widget) return ReconcileResult.Done;
        var wanted = Size(widget).ToString(CultureInfo.InvariantCulture);
        if (Phase(widget) == wanted) return ReconcileResult.Done;
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = Widgets.Type.Identify(widget).ResourceVersion },
            ["status"] = new JsonObject { ["phase"] = wanted },
        };
        await client.PatchAsync(Widgets.Type, key, Patch.Merge(body), "status", cancellationToken: cancel);
        return ReconcileResult.Done;
    }

    private static int Size(JsonObject widget) => widget["spec"]!["size"]!.GetValue<int>();

    private static string? Phase(JsonObject widget) => widget["status"]?["phase"]?.GetValue<string>();
}
