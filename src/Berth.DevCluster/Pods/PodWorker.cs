using System.Text.Json.Nodes;
using System.Threading.Channels;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Berth.DevCluster.Pods.Nodes;
using Berth.DevCluster.Pods.Volumes;

namespace Berth.DevCluster.Pods;

/// <summary>
/// Runs one pod: one loop that is woken by the API, by processes that end, by probes and by time, looks at all there is
/// and does what is next. All state belongs to that loop.
/// </summary>
internal sealed partial class PodWorker
{
    private readonly PodHost _host;
    private readonly FakeNode _node;
    private readonly PodFolder _folder;
    private readonly PodVolumes _volumes;
    private readonly ContainerStarter _starter;
    private readonly StatusReporter _reporter;
    private readonly List<PodContainer> _containers = [];
    private readonly DateTimeOffset _startTime;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile JsonObject _pod;
    private volatile bool _removed;
    private volatile bool _abandoned;
    private volatile bool _volumesStale = true;
    private volatile Eviction? _eviction;
    private JsonObject? _lastStatus;

    public PodWorker(PodHost host, FakeNode node, JsonObject pod, IReadOnlySet<string> endedByUs)
    {
        _host = host;
        _node = node;
        _pod = pod;
        _folder = new PodFolder(Path.Combine(host.Folder, "p"), pod.Uid());
        string address = host.AddressOf(pod);
        _volumes = new PodVolumes(host.Sources, _folder.Volumes, Path.Combine(host.Folder, "pvc"), address);
        _starter = new ContainerStarter(host, _volumes, _folder.Logs, node, address);
        _reporter = new StatusReporter(host, pod, () => node.IsSilent || _abandoned);
        _startTime = pod.Time("status", "startTime") ?? DateTimeOffset.UtcNow;
        foreach (JsonNode init in pod.Items("spec", "initContainers"))
        {
            _containers.Add(new PodContainer(init, init.Text("restartPolicy") == "Always" ? ContainerKind.Sidecar : ContainerKind.Init) { Address = address });
        }

        bool first = _containers.Count == 0;
        foreach (JsonNode main in pod.Items("spec", "containers"))
        {
            _containers.Add(new PodContainer(main, ContainerKind.Main)
            {
                Address = address,
                State = new ContainerState.Waiting(first ? "ContainerCreating" : "PodInitializing"),
            });
        }

        Adopt(pod, endedByUs);
    }

    /// <summary>Why a pod is ended by its node.</summary>
    internal sealed record Eviction(string Reason, string Message);

    public JsonObject Pod => _pod;

    public FakeNode Node => _node;

    public IReadOnlyList<PodContainer> Containers => _containers;

    /// <summary>The pod's directory on this machine.</summary>
    public string Folder => _folder.Path;

    /// <summary>Nobody looks after this pod's processes any more, on command.</summary>
    public bool IsAbandoned => _abandoned;

    public void Wake() => _wake.Writer.TryWrite(true);

    public void Update(JsonObject pod)
    {
        JsonObject old = _pod;
        _pod = pod;
        if (!JsonNode.DeepEquals(old.At("metadata", "labels"), pod.At("metadata", "labels"))
            || !JsonNode.DeepEquals(old.At("metadata", "annotations"), pod.At("metadata", "annotations")))
        {
            _volumesStale = true;
        }

        Wake();
    }

    /// <summary>The API has the pod no more.</summary>
    public void Removed(JsonObject last)
    {
        _pod = last;
        _removed = true;
        Wake();
    }

    /// <summary>A ConfigMap or Secret (<c>configmaps/name</c>) of the pod's namespace changed.</summary>
    public void SourceChanged(string reference)
    {
        if (_volumes.Uses(reference))
        {
            _volumesStale = true;
            Wake();
        }
    }

    public void Evict(Eviction eviction)
    {
        _eviction = eviction;
        Wake();
    }

    /// <summary>From now on the processes run on and nobody reports or ends them, until the runner itself stops.</summary>
    public void Abandon()
    {
        _abandoned = true;
        Wake();
    }

    public async Task RunAsync()
    {
        while (!_host.Stopping.IsCancellationRequested)
        {
            DateTimeOffset? due;
            try
            {
                due = await SyncAsync();
            }
            catch (Exception fault) when (!_host.Stopping.IsCancellationRequested)
            {
                _host.Report(_pod, $"a pass over it failed and is repeated: {fault}");
                due = DateTimeOffset.UtcNow.AddSeconds(1);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            if (_done)
            {
                CleanUp();
                return;
            }

            await SleepAsync(due);
        }

        KillEverything();
    }

    /// <summary>Ends all processes at once: the node lost its power, or the runner stops.</summary>
    public void KillEverything()
    {
        foreach (PodContainer container in _containers)
        {
            container.Process?.Kill();
        }

        _pause?.Kill();
    }

    private async Task<DateTimeOffset?> SyncAsync()
    {
        NoteExits();
        if (_abandoned || _node.IsSilent)
        {
            return null;
        }

        if (_removed || _reporter.IsGone)
        {
            long grace = _pod.Number("metadata", "deletionGracePeriodSeconds") ?? _pod.Number("spec", "terminationGracePeriodSeconds") ?? 30;
            return await EndAsync(TimeSpan.FromSeconds(Math.Max(1, grace)));
        }

        if (_pod.IsDeleting())
        {
            return await EndAsync(TimeSpan.FromSeconds(Math.Max(1, _pod.Number("metadata", "deletionGracePeriodSeconds") ?? 30)));
        }

        bool terminal = _pod.Text("status", "phase") is "Succeeded" or "Failed";
        if (_eviction is not null || terminal || _finished)
        {
            return await EndAsync(TimeSpan.FromSeconds(_pod.Number("spec", "terminationGracePeriodSeconds") ?? 30));
        }

        DateTimeOffset? due = await AdvanceAsync();
        Publish(ending: false);
        return due;
    }

    private void Publish(bool ending)
    {
        string phase = PodStatus.Phase(_pod, _containers, ending && _containers.All(static item => !item.IsRunning));
        if (!ending && phase is "Succeeded" or "Failed")
        {
            // Told only when the sidecars have ended too.
            _finished = true;
            Wake();
            phase = _containers.Any(static item => item.IsRunning) ? "Running" : phase;
        }

        phase = _pod.Text("status", "phase") is "Succeeded" or "Failed" ? _pod.Text("status", "phase")! : phase;

        JsonObject status = PodStatus.Make(_pod, _host.AddressOf(_pod), _containers, phase, _startTime, _sandboxReady, _lastStatus);
        if (_eviction is { } eviction)
        {
            status["reason"] = eviction.Reason;
            status["message"] = eviction.Message;
            status["phase"] = phase = _containers.Any(static item => item.IsRunning) ? phase : "Failed";
            ((JsonArray)status["conditions"]!).Add(PodStatus.Disruption(_pod, _lastStatus, eviction.Message));
        }

        _lastStatus = status;
        _reporter.Publish(status);
    }

    private async Task SleepAsync(DateTimeOffset? due)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_host.Stopping);
        if (due is { } time)
        {
            TimeSpan wait = time - DateTimeOffset.UtcNow;
            limit.CancelAfter(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }

        try
        {
            await _wake.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It is time.
        }
    }

    private void Adopt(JsonObject pod, IReadOnlySet<string> endedByUs)
    {
        foreach (PodContainer container in _containers)
        {
            string list = container.Kind == ContainerKind.Main ? "containerStatuses" : "initContainerStatuses";
            container.Adopt(pod.Items("status", list).FirstOrDefault(item => item.Text("name") == container.Name), endedByUs.Contains);
        }
    }

    private void Tell(PodContainer? container, string type, string reason, string message) =>
        _host.Events.Pod(_pod, container?.Name, type, reason, message, _node.Name);
}
