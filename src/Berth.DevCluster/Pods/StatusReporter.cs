using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods;

/// <summary>
/// Brings one pod's status to the API: the latest one only, patched as the kubelet does, retried until the server took
/// it or the pod is gone.
/// </summary>
internal sealed class StatusReporter(PodHost host, JsonObject pod, Func<bool> silent)
{
    private readonly Lock _gate = new();
    private readonly string _path = $"api/v1/namespaces/{pod.Namespace()}/pods/{pod.Name()}/status";
    private readonly string _uid = pod.Uid();
    private JsonObject? _wanted;
    private string _sent = "";
    private Task _sending = Task.CompletedTask;

    /// <summary>The server said that this pod is no more.</summary>
    public bool IsGone { get; private set; }

    public void Publish(JsonObject status)
    {
        lock (_gate)
        {
            _wanted = status;
            if (_sending.IsCompleted)
            {
                _sending = Task.Run(SendAsync);
            }
        }
    }

    /// <summary>Completes when the last published status has arrived, or the pod is gone.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            return _sending;
        }
    }

    private async Task SendAsync()
    {
        TimeSpan wait = TimeSpan.FromMilliseconds(100);
        while (Take() is { } status)
        {
            try
            {
                if (!silent())
                {
                    await host.Api.PatchAsync(_path, ApiClient.StrategicPatch, Patch(status), host.Stopping);
                    _sent = status.ToJsonString();
                    continue;
                }
            }
            catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
            {
                IsGone = true;
                return;
            }
            catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException or TaskCanceledException)
            {
                if (host.Stopping.IsCancellationRequested)
                {
                    return;
                }

                host.Report(pod, $"its status was not taken and is sent again: {fault.Message}");
            }

            await Task.Delay(wait, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, TimeSpan.FromSeconds(3).Ticks));
        }
    }

    private JsonObject? Take()
    {
        lock (_gate)
        {
            if (_wanted is null || _wanted.ToJsonString() == _sent || host.Stopping.IsCancellationRequested)
            {
                _sending = Task.CompletedTask;
                return null;
            }

            return _wanted;
        }
    }

    private JsonObject Patch(JsonObject status) => new()
    {
        ["metadata"] = new JsonObject { ["uid"] = _uid },
        ["status"] = status.DeepClone(),
    };
}
