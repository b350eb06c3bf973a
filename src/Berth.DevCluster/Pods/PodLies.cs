using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods;

/// <summary>What can happen to a pod, on command; to one container of it where one is named.</summary>
internal sealed class PodLies(PodHost host, PodWorker worker, string? container)
{
    private string Url => $"api/v1/namespaces/{worker.Pod.Namespace()}/pods/{worker.Pod.Name()}";

    private List<PodContainer> Chosen
    {
        get
        {
            List<PodContainer> chosen = [.. worker.Containers.Where(item => container is null || item.Name == container)];
            return chosen.Count > 0 ? chosen : throw new KeyNotFoundException($"pod {worker.Pod.Key()} has no container {container}");
        }
    }

    /// <summary>A signal to the container's first process, from outside: the kubelet is as surprised as anybody.</summary>
    public Task SignalAsync(int signal)
    {
        Chosen.ForEach(item => item.Process?.Signal(signal));
        return Task.CompletedTask;
    }

    /// <summary>Restarted in place, as by a failed liveness probe.</summary>
    public Task RestartAsync()
    {
        foreach (PodContainer item in Chosen)
        {
            worker.RestartAsync(item, $"Container {item.Name} is restarted on command");
        }

        return Task.CompletedTask;
    }

    /// <summary>All its processes stopped (or going on): alive for the kubelet, silent for everybody else.</summary>
    public Task FreezeAsync(bool frozen)
    {
        foreach (int pid in Chosen.SelectMany(static item => item.Process?.Pids() ?? []))
        {
            _ = Native.kill(pid, frozen ? Native.SignalStop : Native.SignalContinue);
        }

        return Task.CompletedTask;
    }

    /// <summary>The object deleted without a grace period; with its processes left alive as on a node that is cut off.</summary>
    public async Task ForceDeleteAsync(bool alive)
    {
        if (alive)
        {
            worker.Abandon();
        }

        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["gracePeriodSeconds"] = 0,
            ["preconditions"] = new JsonObject { ["uid"] = worker.Pod.Uid() },
        };
        await host.Api.DeleteAsync(Url, options, host.Stopping);
    }

    /// <summary>Evicted by its node (phase Failed, reason Evicted), or by the eviction subresource.</summary>
    public async Task EvictAsync(bool byNode)
    {
        if (byNode)
        {
            worker.Evict(new PodWorker.Eviction("Evicted", "The node was low on resource: memory."));
            return;
        }

        await host.Api.CreateAsync($"{Url}/eviction", new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = worker.Pod.Name(), ["namespace"] = worker.Pod.Namespace() },
        }, host.Stopping);
    }

    /// <summary>
    /// Marked Failed as the pod garbage collector does it: nobody has seen a container end. The kubelet hears no more of
    /// the pod, so its processes stay alive unless they are to be dead.
    /// </summary>
    public async Task FailAsync(bool alive)
    {
        worker.Abandon();
        if (!alive)
        {
            worker.KillEverything();
        }

        var condition = new JsonObject
        {
            ["type"] = "DisruptionTarget",
            ["status"] = "True",
            ["reason"] = "DeletionByPodGC",
            ["message"] = "PodGC: node no longer exists",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Fields.Stamp(DateTimeOffset.UtcNow),
        };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = worker.Pod.Uid() },
            ["status"] = new JsonObject { ["phase"] = "Failed", ["conditions"] = new JsonArray(condition) },
        };
        await host.Api.PatchAsync($"{Url}/status", ApiClient.StrategicPatch, patch, host.Stopping);
    }
}
