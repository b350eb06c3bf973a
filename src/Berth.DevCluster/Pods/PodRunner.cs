using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Endpoint;
using Berth.DevCluster.Pods.Nodes;

namespace Berth.DevCluster.Pods;

/// <summary>
/// Runs the pods of an API server as processes of this machine. An ordinary API client: it works against the embedded
/// dev cluster and against a real kube-apiserver alike.
/// </summary>
public sealed class PodRunner : IAsyncDisposable
{
    private readonly PodHost _host;
    private readonly Scheduler _scheduler;
    private readonly Channel<bool> _scheduling = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly ConcurrentDictionary<string, PodWorker> _workers = new();
    private readonly ConcurrentDictionary<string, FakeNode> _nodes = new();
    private readonly ConcurrentDictionary<string, Task> _tasks = new();
    private readonly Reflector _pods;
    private readonly Reflector _nodeCache;
    private IReadOnlySet<string> _endedByUs = new HashSet<string>();
    private KubeletEndpoint? _endpoint;

    private PodRunner(PodRunnerOptions options)
    {
        var api = new ApiClient(KubeConfig.Load(options.KubeConfig), "berth-pod-runner");
        _host = new PodHost(options, api);
        _scheduler = new Scheduler(api, _host.Events, options.Report);
        _pods = new Reflector(api, "api/v1/pods", PodChanged, options.Report);
        _nodeCache = new Reflector(api, "api/v1/nodes", (_, _) => _scheduling.Writer.TryWrite(true), options.Report);
    }

    /// <summary>Where logs and the admin endpoint are, for instance <c>http://127.0.0.1:10250/</c>.</summary>
    public Uri Endpoint => _endpoint!.Address;

    internal PodHost Host => _host;

    internal ICollection<PodWorker> Workers => _workers.Values;

    internal ICollection<FakeNode> Nodes => _nodes.Values;

    /// <summary>Starts a runner; returns when its nodes are registered and it watches pods.</summary>
    /// <param name="options">How to run them.</param>
    /// <param name="cancel">Gives up waiting for the API server.</param>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public static async Task<PodRunner> StartAsync(PodRunnerOptions options, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("pods as local processes need Linux; run the pod runner in a Linux machine or container");
        }

        var runner = new PodRunner(options);
        try
        {
            await runner.StartAsync(cancel);
            return runner;
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends all processes and stops; the Node objects stay and become NotReady.</summary>
    public async ValueTask DisposeAsync()
    {
        _host.Stop();
        foreach (PodWorker worker in _workers.Values)
        {
            worker.KillEverything();
        }

        if (_endpoint is not null)
        {
            await _endpoint.DisposeAsync();
        }

        await Task.WhenAll(_tasks.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _host.Dispose();
        _host.Api.Dispose();
    }

    internal void WakeAll()
    {
        foreach (PodWorker worker in _workers.Values)
        {
            worker.Wake();
        }
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        _endedByUs = await _host.Records.EndLeftOversAsync(_host.Options.Report);
        _endpoint = await KubeletEndpoint.StartAsync(this, _host.Options.Listen);
        await RegisterAsync(cancel);
        Supervise("nodes", _nodeCache.RunAsync);
        Supervise("pods", _pods.RunAsync);
        Supervise("events", _host.Events.RunAsync);
        foreach (string kind in new[] { "configmaps", "secrets" })
        {
            var sources = new Reflector(_host.Api, $"api/v1/{kind}", (old, now) => SourceChanged(kind, (now ?? old)!), _host.Options.Report);
            Supervise(kind, sources.RunAsync);
        }

        await Task.WhenAll(_pods.Synced, _nodeCache.Synced).WaitAsync(cancel);
        ForgetUnknown();
        if (_host.Options.Schedule ?? !await HasSchedulerAsync(cancel))
        {
            Supervise("scheduler", ScheduleAsync);
        }
    }

    private async Task RegisterAsync(CancellationToken cancel)
    {
        string folder = Path.Combine(_host.Folder, "n");
        Directory.CreateDirectory(folder);
        for (int index = 0; index < _host.Options.Nodes; index++)
        {
            var node = new FakeNode(_host.Api, _host.Options, $"{_host.Options.NodePrefix}{index}", Endpoint, folder);
            await RegisterAsync(node, cancel);
            _nodes[node.Name] = node;
            Supervise(node.Name, node.RunAsync);
        }
    }

    /// <summary>The API server may still be coming up: tries until it answers or the caller gives up.</summary>
    private async Task RegisterAsync(FakeNode node, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await node.RegisterAsync(cancel);
                return;
            }
            catch (HttpRequestException refused)
            {
                _host.Options.Report($"waiting for the API server at {_host.Api.Server}: {refused.Message}");
                await Task.Delay(500, cancel);
            }
        }
    }

    private async Task<bool> HasSchedulerAsync(CancellationToken cancel) =>
        await _host.Api.FindAsync("apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler", cancel) is { } lease
        && DateTimeOffset.UtcNow - lease.Time("spec", "renewTime") < TimeSpan.FromMinutes(1);

    private void PodChanged(JsonObject? old, JsonObject? pod)
    {
        JsonObject known = (pod ?? old)!;
        if (_workers.TryGetValue(known.Uid(), out PodWorker? worker))
        {
            if (pod is null)
            {
                worker.Removed(known);
            }
            else
            {
                worker.Update(pod);
            }
        }
        else if (pod is not null)
        {
            Begin(pod);
        }
    }

    private void Begin(JsonObject pod)
    {
        string? name = pod.Text("spec", "nodeName");
        if (string.IsNullOrEmpty(name))
        {
            _scheduling.Writer.TryWrite(true);
        }
        else if (_nodes.TryGetValue(name, out FakeNode? node))
        {
            string uid = pod.Uid();
            var worker = new PodWorker(_host, node, pod, _endedByUs);
            _workers[uid] = worker;
            Supervise(uid, async _ =>
            {
                await worker.RunAsync();
                if (!_host.Stopping.IsCancellationRequested)
                {
                    _workers.TryRemove(uid, out PodWorker? _);
                    _tasks.TryRemove(uid, out Task? _);
                }
            });
        }
    }

    private void SourceChanged(string kind, JsonObject changed)
    {
        foreach (PodWorker worker in _workers.Values.Where(worker => worker.Pod.Namespace() == changed.Namespace()))
        {
            worker.SourceChanged($"{kind}/{changed.Name()}");
        }
    }

    private async Task ScheduleAsync(CancellationToken cancel)
    {
        var assumed = new HashSet<string>();
        while (await _scheduling.Reader.WaitToReadAsync(cancel))
        {
            _scheduling.Reader.TryRead(out _);
            List<JsonObject> nodes = [.. _nodeCache.All];
            List<JsonObject> waiting = [.. _pods.All.Where(IsWaiting)];
            assumed.IntersectWith(waiting.Select(static pod => pod.Uid()));
            foreach (JsonObject pod in waiting.Where(pod => !assumed.Contains(pod.Uid())))
            {
                try
                {
                    if (await _scheduler.PlaceAsync(pod, nodes, _pods.All, cancel))
                    {
                        assumed.Add(pod.Uid());
                    }
                }
                catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException)
                {
                    _host.Report(pod, $"could not be scheduled and is tried again: {fault.Message}");
                    _ = Task.Delay(1000, cancel).ContinueWith(_ => _scheduling.Writer.TryWrite(true), TaskScheduler.Default);
                }
            }
        }
    }

    private static bool IsWaiting(JsonObject pod) =>
        string.IsNullOrEmpty(pod.Text("spec", "nodeName"))
        && !pod.IsDeleting()
        && pod.Text("status", "phase") is not ("Succeeded" or "Failed")
        && pod.Text("spec", "schedulerName") is null or "default-scheduler"
        && !pod.Items("spec", "schedulingGates").Any();

    /// <summary>Directories of pods that went away while no runner looked.</summary>
    private void ForgetUnknown()
    {
        var known = _pods.All.Select(static pod => pod.Uid()).ToHashSet();
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(_host.Folder, "p")))
        {
            string note = Path.Combine(folder, "uid");
            if (!File.Exists(note) || !known.Contains(File.ReadAllText(note)))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private void Supervise(string name, Func<CancellationToken, Task> work) => _tasks[name] = Task.Run(async () =>
    {
        try
        {
            await work(_host.Stopping);
        }
        catch (OperationCanceledException) when (_host.Stopping.IsCancellationRequested)
        {
            // The runner stops.
        }
        catch (Exception fault)
        {
            _host.Options.Report($"{name} ended unexpectedly: {fault}");
        }
    });
}
