using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Nodes;

namespace Berth.DevCluster.Pods;

/// <summary>What can happen to a node, on command.</summary>
internal sealed class NodeLies(PodRunner runner, FakeNode node)
{
    private IEnumerable<PodWorker> Workers => runner.Workers.Where(worker => worker.Node == node);

    private CancellationToken Cancel => runner.Host.Stopping;

    /// <summary>Cut off from the API server: no heartbeat, no report, no orders; processes run on.</summary>
    public Task SilenceAsync()
    {
        node.IsSilent = true;
        return Task.CompletedTask;
    }

    /// <summary>Back again, as a new Node object if the old one was deleted.</summary>
    public async Task ResumeAsync()
    {
        await node.RegisterAsync(Cancel);
        runner.WakeAll();
    }

    /// <summary>All processes dead at once; back with another boot id, and containers are started anew.</summary>
    public async Task RebootAsync()
    {
        node.IsSilent = true;
        await PowerOffAsync();
        node.Reboot();
        await ResumeAsync();
    }

    /// <summary>The Node object deleted; its machine still runs, or not.</summary>
    public async Task RemoveAsync(bool alive)
    {
        node.IsSilent = node.IsGone = true;
        if (!alive)
        {
            await PowerOffAsync();
        }

        try
        {
            await runner.Host.Api.DeleteAsync($"api/v1/nodes/{node.Name}", null, Cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // Deleted by somebody else already.
        }
    }

    private async Task PowerOffAsync()
    {
        List<Task> ends = [.. Workers.SelectMany(static worker => worker.Containers).Select(static container => container.PowerOffAsync())];
        await Task.WhenAll(ends);
    }
}
