using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Berth.DevCluster.Pods.Volumes;

namespace Berth.DevCluster.Pods;

/// <content>Starting containers in order, and again when they end.</content>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    private bool _sandboxReady;
    private bool _finished;
    private ContainerProcess? _pause;

    private string RestartPolicy => _pod.Text("spec", "restartPolicy") ?? "Always";

    /// <summary>Does all that can be done now; says when to look again if nothing happens before.</summary>
    private async Task<DateTimeOffset?> AdvanceAsync()
    {
        if (await VolumesAsync() is { } later)
        {
            return later;
        }

        await SandboxAsync();
        DateTimeOffset? due = _volumes.RefreshAt;
        foreach (PodContainer container in _containers)
        {
            due = Sooner(due, await AdvanceAsync(container));
            bool passed = container.Kind switch
            {
                ContainerKind.Init => container.Succeeded,
                ContainerKind.Sidecar => container.IsStarted && (container.IsRunning || container.Runs > 0),
                _ => true,
            };
            if (!passed)
            {
                break;
            }
        }

        return due;
    }

    private async Task<DateTimeOffset?> VolumesAsync()
    {
        if (!_volumesStale && !(_volumes.RefreshAt <= DateTimeOffset.UtcNow))
        {
            return null;
        }

        _volumesStale = false;
        try
        {
            await _volumes.EnsureAsync(_pod);
            return null;
        }
        catch (Exception fault) when (fault is VolumeException or ApiException or HttpRequestException or IOException)
        {
            _volumesStale = true;
            Tell(null, "Warning", "FailedMount", fault.Message);
            _host.Report(_pod, fault.Message);

            // Containers that run keep what they have.
            return _sandboxReady ? null : DateTimeOffset.UtcNow.AddSeconds(1);
        }
    }

    /// <summary>With <c>shareProcessNamespace</c> a waiting process holds the namespace and reaps what is orphaned in it.</summary>
    private async Task SandboxAsync()
    {
        if (_pod.Flag("spec", "shareProcessNamespace") && (_pause is null || _pause.Exited.IsCompleted) && _host.Launcher.Isolation == Isolation.Full)
        {
            var command = new ContainerCommand
            {
                Arguments = [Tools.Shell, "-c", "trap 'exit 0' TERM; while :; do sleep 2147483647 & wait; done"],
                Environment = ["PATH=" + Tools.HostPath],
                WorkingDirectory = "/",
                Root = _host.Root,
            };
            var log = new ContainerLog(Path.Combine(_folder.Logs, "pause.log"), _host.Options.LogLimit);
            _pause = await ContainerProcess.StartAsync(_host.Reactor, _host.Launcher, command, log);
            string id = $"pause-{_pod.Uid()}";
            _host.Records.Write(new ProcessRecord(_pod.Uid(), "pause", id, _pause.Pid, _pause.StartTicks, _pause.StartedAt));
        }

        _sandboxReady = true;
    }

    private async Task<DateTimeOffset?> AdvanceAsync(PodContainer container)
    {
        if (container.IsRunning || (container.Kind == ContainerKind.Init && container.Succeeded))
        {
            return null;
        }

        if (container.Ended is { } ended && !Retry(container, ended))
        {
            return container.NotBefore;
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        container.NotBefore ??= now + _host.Options.StartDelay;
        if (container.NotBefore > now)
        {
            return container.NotBefore;
        }

        return Images.IsMissing(container.Image) ? ImageMissing(container, now) : await StartAsync(container, now);
    }

    /// <summary>Whether a container that ended may be started now; otherwise it waits in CrashLoopBackOff or stays ended.</summary>
    private bool Retry(PodContainer container, ContainerState.Terminated ended)
    {
        string policy = container.Kind == ContainerKind.Sidecar ? "Always" : RestartPolicy;
        if (policy == "Never" || (policy == "OnFailure" && ended.ExitCode == 0))
        {
            return false;
        }

        DateTimeOffset finished = ended.FinishedAt ?? DateTimeOffset.UtcNow;
        // What could not even be started says 1970, as a kubelet does.
        if (ended.StartedAt > DateTimeOffset.UnixEpoch && finished - ended.StartedAt > 2 * LongestBackoff)
        {
            container.Backoff = TimeSpan.Zero;
        }

        container.NotBefore = finished + container.Backoff;
        bool now = container.NotBefore <= DateTimeOffset.UtcNow;
        if (!now)
        {
            string message = $"back-off {Go(container.Backoff)} restarting failed container={container.Name} pod={_pod.Name()}_{_pod.Namespace()}({_pod.Uid()})";
            container.Last = ended;
            container.State = new ContainerState.Waiting("CrashLoopBackOff", message);
            Tell(container, "Warning", "BackOff", $"Back-off restarting failed container {container.Name} in pod {_pod.Name()}_{_pod.Namespace()}({_pod.Uid()})");
        }

        TimeSpan next = container.Backoff == TimeSpan.Zero ? _host.Options.RestartBackoff : container.Backoff * 2;
        container.Backoff = next < LongestBackoff ? next : LongestBackoff;
        return now;
    }

    private DateTimeOffset ImageMissing(PodContainer container, DateTimeOffset now)
    {
        string error = Images.PullError(container.Image);
        if (container.State is ContainerState.Waiting { Reason: "ErrImagePull" })
        {
            container.State = new ContainerState.Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Image}\": ErrImagePull: {error}");
            Tell(container, "Normal", "BackOff", $"Back-off pulling image \"{container.Image}\"");
            container.Backoff = container.Backoff == TimeSpan.Zero ? _host.Options.RestartBackoff : container.Backoff * 2;
            container.Backoff = container.Backoff < LongestBackoff ? container.Backoff : LongestBackoff;
            container.NotBefore = now + container.Backoff;
        }
        else
        {
            container.State = new ContainerState.Waiting("ErrImagePull", error);
            Tell(container, "Normal", "Pulling", $"Pulling image \"{container.Image}\"");
            Tell(container, "Warning", "Failed", $"Failed to pull image \"{container.Image}\": {error}");
            Tell(container, "Warning", "Failed", "Error: ErrImagePull");
            container.NotBefore = now.AddSeconds(1);
        }

        return container.NotBefore.Value;
    }

    private async Task<DateTimeOffset?> StartAsync(PodContainer container, DateTimeOffset now)
    {
        bool again = container.Runs > 0 || container.Ended is not null;
        container.Last = container.Ended ?? container.Last;
        try
        {
            int? join = _pod.Flag("spec", "shareProcessNamespace") ? _pause?.Pid : null;
            await _starter.StartAsync(_pod, container, join);
        }
        catch (ContainerStartException refused) when (refused.Reason == "StartError")
        {
            container.State = new ContainerState.Terminated(
                128, 0, refused.Reason, refused.Message, DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow, PodContainer.Scheme + container.ContainerId);
            Count(container, again);
            Tell(container, "Warning", "Failed", $"Error: {refused.Message}");
            Wake();
            return null;
        }
        catch (Exception refused) when (refused is ContainerStartException or ApiException or HttpRequestException or IOException)
        {
            string reason = (refused as ContainerStartException)?.Reason ?? "CreateContainerError";
            container.State = new ContainerState.Waiting(reason, refused.Message);
            Tell(container, "Warning", "Failed", $"Error: {refused.Message}");
            return container.NotBefore = now.AddSeconds(2);
        }

        Count(container, again);
        Begun(container);
        return null;
    }

    private static void Count(PodContainer container, bool again)
    {
        container.Runs++;
        container.RestartCount += again ? 1 : 0;
        container.NotBefore = null;
    }

    private void Begun(PodContainer container)
    {
        ContainerProcess process = container.Process!;
        container.State = new ContainerState.Running(process.StartedAt);
        container.Stopping = null;
        container.Probing = CancellationTokenSource.CreateLinkedTokenSource(_host.Stopping);
        _ = process.Exited.ContinueWith(_ => Wake(), TaskScheduler.Default);
        Tell(container, "Normal", "Pulled", $"Container image \"{container.Image}\" already present on machine");
        Tell(container, "Normal", "Created", $"Created container: {container.Name}");
        Tell(container, "Normal", "Started", $"Started container {container.Name}");
        var probes = new Probes(
            _host, container, (reason, message) => Tell(container, "Warning", reason, message), Wake, message => RestartAsync(container, message));
        if (container.Spec.At("lifecycle", "postStart") is not null)
        {
            _ = PostStartAsync(container, process);
        }

        probes.Start(container.Probing.Token);
    }

    private async Task PostStartAsync(PodContainer container, ContainerProcess process)
    {
        if (await Probe.AskAsync(_host, container, container.Spec.At("lifecycle", "postStart")!, TimeSpan.FromMinutes(2)) is { } failure)
        {
            Tell(container, "Warning", "FailedPostStartHook", $"PostStartHook failed: {failure}");
            process.Kill();
        }
    }

    /// <summary>Turns ended processes into terminated states.</summary>
    private void NoteExits()
    {
        foreach (PodContainer container in _containers)
        {
            if (!container.IsRunning || container.Process is not { Exited.IsCompletedSuccessfully: true } process)
            {
                continue;
            }

            ExitStatus exit = process.Exited.Result;
            container.Log?.Complete();
            container.Probing?.Cancel();
            container.State = container.End(process, LastWords(container, exit));
            container.IsStarted = container.IsReady = false;
            container.Process = null;
            _host.Records.Remove(container.ContainerId!);
        }
    }

    /// <summary>With <c>FallbackToLogsOnError</c>, the end of the log.</summary>
    private static string? LastWords(PodContainer container, ExitStatus exit)
    {
        if (exit.ExitCode == 0 || container.Log is null || container.Spec.Text("terminationMessagePolicy") != "FallbackToLogsOnError")
        {
            return null;
        }

        string text = string.Join('\n', File.ReadLines(container.Log.Path).TakeLast(80).Select(static line => line.Split(' ', 4)[^1]));
        return text.Length > 2048 ? text[^2048..] : text;
    }

    private static DateTimeOffset? Sooner(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other : other is null || one < other ? one : other;

    /// <summary>A duration as Go prints it: 10s, 1m20s, 5m0s.</summary>
    private static string Go(TimeSpan time) => time < TimeSpan.FromMinutes(1) ? $"{time.TotalSeconds:0.###}s" : $"{(int)time.TotalMinutes}m{time.Seconds}s";
}
