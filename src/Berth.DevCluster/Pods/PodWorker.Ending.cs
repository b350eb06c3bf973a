using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods;

/// <content>Ending containers and the pod.</content>
internal sealed partial class PodWorker
{
    private CancellationTokenSource? _killNow;
    private DateTimeOffset _killAt = DateTimeOffset.MaxValue;
    private bool _lastDeleteSent;
    private bool _done;

    /// <summary>Restarts one container in place, as a failed liveness probe does.</summary>
    public void RestartAsync(PodContainer container, string message)
    {
        Tell(container, "Normal", "Killing", message);
        var limit = new CancellationTokenSource(TimeSpan.FromSeconds(_pod.Number("spec", "terminationGracePeriodSeconds") ?? 30));
        container.Stopping ??= StopAsync(container, limit.Token).ContinueWith(_ => limit.Dispose(), TaskScheduler.Default);
    }

    /// <summary>One step towards no processes; once there are none, reports it and lets the pod go.</summary>
    private async Task<DateTimeOffset?> EndAsync(TimeSpan grace)
    {
        Hurry(grace);
        List<PodContainer> running = [.. _containers.Where(static item => item.IsRunning)];
        if (running.Count > 0)
        {
            Stop(running);
            if (!_removed)
            {
                Publish(ending: true);
            }

            return null;
        }

        _pause?.Kill();
        if (_removed || _reporter.IsGone)
        {
            _done = true;
            return null;
        }

        Settle();
        Publish(ending: true);
        await _reporter.FlushAsync();
        if (_pod.IsDeleting() && !_lastDeleteSent && !_reporter.IsGone)
        {
            return await DeleteAsync();
        }

        return null;
    }

    /// <summary>A pod that got past its init containers is over only when each container is reported as ended, as the kubelet does it.</summary>
    private void Settle()
    {
        if (_containers.All(static item => item.Kind != ContainerKind.Init || item.Succeeded))
        {
            _containers.ForEach(static item => item.Settle());
        }
    }

    /// <summary>The time of the kill can only come nearer.</summary>
    private void Hurry(TimeSpan grace)
    {
        _killNow ??= new CancellationTokenSource();
        DateTimeOffset at = DateTimeOffset.UtcNow + grace;
        if (at < _killAt)
        {
            _killAt = at;
            _killNow.CancelAfter(grace);
        }
    }

    /// <summary>Containers first and together, then the sidecars from the last to the first.</summary>
    private void Stop(List<PodContainer> running)
    {
        List<PodContainer> next = [.. running.Where(static item => item.Kind != ContainerKind.Sidecar)];
        if (next.Count == 0)
        {
            next.Add(running[^1]);
        }

        foreach (PodContainer container in next.Where(static item => item.Stopping is null))
        {
            Tell(container, "Normal", "Killing", $"Stopping container {container.Name}");
            container.Stopping = StopAsync(container, _killNow!.Token);
        }

        if (_killNow!.IsCancellationRequested)
        {
            running.ForEach(static item => item.Process?.Kill());
        }
    }

    /// <summary>preStop, SIGTERM, and SIGKILL for everything in the container when the time is over.</summary>
    private async Task StopAsync(PodContainer container, CancellationToken killNow)
    {
        if (container.Process is not { } process)
        {
            return;
        }

        try
        {
            if (container.Spec.At("lifecycle", "preStop") is { } hook)
            {
                string? failure = await Probe.AskAsync(_host, container, hook, TimeSpan.FromMinutes(10)).WaitAsync(killNow);
                if (failure is not null)
                {
                    Tell(container, "Warning", "FailedPreStopHook", $"PreStopHook failed: {failure}");
                }
            }

            process.Signal(Native.SignalTerm);
            await process.Exited.WaitAsync(killNow);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.Exited;
        }
    }

    /// <summary>The kubelet's word that nothing of the pod runs any more. Finalizers may keep the object after it.</summary>
    private async Task<DateTimeOffset?> DeleteAsync()
    {
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["gracePeriodSeconds"] = 0,
            ["preconditions"] = new JsonObject { ["uid"] = _pod.Uid() },
        };
        try
        {
            await _host.Api.DeleteAsync($"api/v1/namespaces/{_pod.Namespace()}/pods/{_pod.Name()}", options, _host.Stopping);
            _lastDeleteSent = true;
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            _done = true;
        }
        catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException)
        {
            _host.Report(_pod, $"its deletion was not taken and is sent again: {fault.Message}");
            return DateTimeOffset.UtcNow.AddSeconds(1);
        }

        return null;
    }

    private void CleanUp()
    {
        _killNow?.Dispose();
        _host.Records.Remove($"pause-{_pod.Uid()}");
        foreach (PodContainer container in _containers)
        {
            container.Probing?.Dispose();
            container.Log?.Dispose();
        }

        try
        {
            _folder.Delete();
        }
        catch (IOException busy)
        {
            _host.Report(_pod, $"its directory {_folder.Path} could not be removed: {busy.Message}");
        }
    }
}
