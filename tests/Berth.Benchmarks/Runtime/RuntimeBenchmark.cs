using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Runtime;

/// <summary>The Kubernetes runtime against a dev cluster in another process: first pass, latency, memory, idle cost, reconnects, gaps. The peer's figures are
/// KubeOps' on the same class of machine with a reconciler that does nothing.</summary>
internal sealed class RuntimeBenchmark(ServedCluster cluster, int objects) : IDisposable
{
    private const string Ns = "bench";
    private readonly Gates _gates = new("runtime");
    private readonly RequestCounter _requests = new();
    private readonly KubernetesClient _writer = new(cluster.Config);
    private readonly ConcurrentDictionary<string, long> _reconciledAt = new();
    private readonly ConcurrentDictionary<string, bool> _deleted = new();
    private readonly CancellationTokenSource _stop = new();
    private long _reconciled;

    public static async Task<int> RunAsync(string[] options)
    {
        var objects = options.Contains("--small") || options.Contains("--quick") ? 5_000 : 50_000;
        await using var cluster = await ServedCluster.StartAsync();
        using var benchmark = new RuntimeBenchmark(cluster, objects);
        return await benchmark.RunAsync();
    }

    public void Dispose()
    {
        _stop.Dispose();
        _writer.Dispose();
        _requests.Dispose();
    }

    private async Task<int> RunAsync()
    {
        await FillAsync();
        using var network = new GapHandler(Transport.Create(cluster.Config, new(), static () => null));
        using var client = new KubernetesClient(cluster.Config, new() { Handler = network });
        var factory = new InformerFactory(client, new() { MinBackoff = TimeSpan.FromMilliseconds(100), MaxBackoff = TimeSpan.FromSeconds(1) });
        var informer = factory.For(Resources.ConfigMaps, new() { Namespace = Ns, LabelSelector = "app=bench", MinBackoff = TimeSpan.FromMilliseconds(100), MaxBackoff = TimeSpan.FromSeconds(1) });
        using var controller = NewController(informer);
        var running = await FirstPassAsync(factory, controller);
        await LatencyAsync();
        _gates.Exactly("GETs by reconciles", _requests.Of("get"), 0, "one per reconcile");
        await GapAsync(network, informer);
        await _stop.CancelAsync();
        await running;
        await factory.StoppedAsync();
        await IdleAsync();
        await EmptyAnswersAsync();
        return _gates.Report();
    }

    private Controller<ObjectKey> NewController(Informer<ConfigMap> informer)
    {
        var controller = new Controller<ObjectKey>(new() { Name = "bench", Workers = 2 }, (key, _) =>
        {
            if (informer.Store.Get(key) is not null) _reconciledAt[key.Name] = Stopwatch.GetTimestamp();
            Interlocked.Increment(ref _reconciled);
            return new(ReconcileResult.Done);
        });
        informer.AddHandler(e =>
        {
            if (e.Type == InformerEventType.Deleted) _deleted[e.Key.Name] = true;
            controller.Queue.Add(e.Key, e.IsInitial ? WorkPriority.Background : WorkPriority.Normal);
        });
        return controller;
    }

    private async Task FillAsync()
    {
        await _writer.CreateAsync(Resources.Namespaces, new Namespace { Metadata = new() { Name = Ns } });
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, objects), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancel) =>
            await _writer.CreateAsync(Resources.ConfigMaps, new ConfigMap
            {
                Metadata = new()
                {
                    Namespace = Ns,
                    Name = $"object-{i}",
                    Labels = new Dictionary<string, string> { ["app"] = "bench", ["part"] = $"{i % 100}" },
                    Annotations = new Dictionary<string, string> { ["bench.berth.dev/made-by"] = "the runtime benchmark" },
                },
                Data = new Dictionary<string, string> { ["value"] = "0", ["text"] = new string('x', 300) },
            }, cancellationToken: cancel));
        Console.WriteLine($"{objects} objects created in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
    }

    private async Task<Task> FirstPassAsync(InformerFactory factory, Controller<ObjectKey> controller)
    {
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        factory.Start(_stop.Token);
        await factory.WaitForSyncAsync();
        var running = controller.RunAsync(_stop.Token);
        await UntilAsync(() => Interlocked.Read(ref _reconciled) >= objects, TimeSpan.FromMinutes(2));
        var took = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        // With few objects compiling is most of it, so that only the whole size is held to the peer's figures.
        if (objects >= 50_000) _gates.Below("first pass", took.TotalSeconds, 8.1 / 3, "s", "8.1 s");
        else _gates.Note("first pass", took.TotalSeconds, "s");
        _gates.Below("allocated by it", allocated / 1048576.0, 923 / 3.0 * objects / 50_000, "MiB", objects >= 50_000 ? "923 MiB" : "");
        _gates.Note("heap per cached object", (GC.GetTotalMemory(forceFullCollection: true) - heap) / (double)objects, "B");
        using var self = Process.GetCurrentProcess();
        _gates.Note("working set", self.WorkingSet64 / 1048576.0, "MiB", "271 MiB");
        return running;
    }

    private async Task LatencyAsync()
    {
        var latencies = new List<double>();
        for (var i = 0; i < 600; i++)
        {
            var name = $"object-{i * 7 % objects}";
            _reconciledAt.TryRemove(name, out _);
            var body = new JsonObject { ["data"] = new JsonObject { ["value"] = $"{i + 1}" } };
            var sent = Stopwatch.GetTimestamp();
            await _writer.PatchAsync(Resources.ConfigMaps, new(Ns, name), Patch.Merge(body));
            await UntilAsync(() => _reconciledAt.ContainsKey(name), TimeSpan.FromSeconds(10));
            // The first ones pay for compiling.
            if (i >= 100) latencies.Add(Stopwatch.GetElapsedTime(sent, _reconciledAt[name]).TotalMilliseconds);
        }
        latencies.Sort();
        _gates.Below("write sent → reconcile, p50", latencies[latencies.Count / 2], 5, "ms", "~50 ms");
        _gates.Note("write sent → reconcile, p90", latencies[latencies.Count * 9 / 10], "ms", "~92 ms");
        _gates.Note("write sent → reconcile, p99", latencies[latencies.Count * 99 / 100], "ms");
    }

    private async Task GapAsync(GapHandler network, Informer<ConfigMap> informer)
    {
        const int Gone = 1000;
        network.IsDown = true;
        await cluster.TellAsync("cut");
        _deleted.Clear();
        await Parallel.ForEachAsync(Enumerable.Range(0, Gone), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancel) =>
            await _writer.DeleteAsync(Resources.ConfigMaps, new(Ns, $"object-{i}"), cancellationToken: cancel));
        await cluster.TellAsync("compact");
        network.IsDown = false;
        var started = Stopwatch.GetTimestamp();
        await UntilAsync(() => informer.Store.Count == objects - Gone, TimeSpan.FromMinutes(1));
        await informer.DrainHandlersAsync();
        _gates.Exactly("deletes reported after a gap with a 410", _deleted.Count, Gone, "0");
        _gates.Note("gap closed after", Stopwatch.GetElapsedTime(started).TotalSeconds, "s");
    }

    private async Task IdleAsync()
    {
        using var queue = new WorkQueue<int>(new() { Name = "idle" });
        for (var i = 0; i < 100_000; i++) queue.AddAfter(i, TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(i));
        GC.Collect();
        await Task.Delay(TimeSpan.FromSeconds(2));
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(10));
        self.Refresh();
        _gates.Below("idle with 100 000 delayed keys", (self.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(started) * 100, 1, "%", "~6 % with 50 000");
    }

    private async Task EmptyAnswersAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var asked = 0;
        var serving = ServeNothingAsync(listener, () => asked++, stop.Token);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var client = new KubernetesClient(new() { Server = new($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}") });
        var informer = new InformerFactory(client).For(Resources.ConfigMaps).RunAsync(stop.Token);
        await Task.Delay(TimeSpan.FromSeconds(20));
        _gates.Below("requests in 20 s of empty answers", asked, 20, "", "500 a second");
        await stop.CancelAsync();
        await Task.WhenAll(informer, serving);
    }

    private static async Task ServeNothingAsync(TcpListener listener, Action asked, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(stop);
                var stream = connection.GetStream();
                var buffer = new byte[8192];
                if (await stream.ReadAsync(buffer, stop) == 0) continue;
                asked();
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private static async Task UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) throw new TimeoutException($"not within {limit}");
            await Task.Delay(1);
        }
    }
}
