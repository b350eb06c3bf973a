using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Demo;

/// <summary>What the demo breaks on purpose.</summary>
internal sealed class Casualties(KubernetesClient client, InstanceDirectory directory)
{
    private static readonly ResourceType<JsonObject> Pods = Resources.Dynamic("", "v1", "pods", "Pod", namespaced: true);

    private static readonly string[] StatusLists = ["containerStatuses", "initContainerStatuses"];

    /// <summary>Deletes a pod by force: its object is asked to go at once, its processes are killed.</summary>
    public Task DeletePodAsync(string ns, string pod, CancellationToken cancellationToken) =>
        client.DeleteAsync(Resources.Pods, new(ns, pod), new() { GracePeriodSeconds = 0 }, cancellationToken);

    /// <summary>Kills every process of a pod with signal 9, as the kernel would when memory runs out; tells how many there were.</summary>
    public async Task<int> KillProcessesAsync(string ns, string pod, CancellationToken cancellationToken)
    {
        var found = await client.GetAsync(Pods, new(ns, pod), cancellationToken: cancellationToken);
        var containers = StatusLists
            .SelectMany(list => found["status"]?[list]?.AsArray() ?? [])
            .Select(c => c?["containerID"]?.GetValue<string>().Split("://")[^1])
            .OfType<string>()
            .Where(id => id.Length > 0)
            .ToList();
        var roots = ProcessTable.All().Where(p => IsOf(containers, p.Pid)).Select(p => new ProcessIdentity(p.Pid, p.Entry.Started)).ToList();
        var all = ProcessTable.WithDescendants(roots);
        foreach (var process in all) process.Signal(Posix.Kill);
        return all.Count;
    }

    /// <summary>Kills the operator that leads with signal 9; tells its name and the number of changes of leader so far.</summary>
    public async Task<(string Name, long Transitions)> KillLeaderAsync(CancellationToken cancellationToken)
    {
        var (holder, transitions) = await LeaderAsync(cancellationToken);
        foreach (var (name, process) in directory.ReadProcesses().Where(p => p.Name.StartsWith("operator-", StringComparison.Ordinal)))
        {
            if (!holder.StartsWith(name, StringComparison.Ordinal)) continue;
            process.Signal(Posix.Kill);
            return (name, transitions);
        }
        throw new DevException($"The leader is {holder}, which is none of this demo's operators.");
    }

    /// <summary>Who leads, and how often the leader has changed.</summary>
    public async Task<(string Holder, long Transitions)> LeaderAsync(CancellationToken cancellationToken)
    {
        var leases = await client.ListAllAsync(Resources.Leases, "berth-system", cancellationToken: cancellationToken);
        var lease = leases.Items.FirstOrDefault(l => l.Metadata.Annotations?.ContainsKey(Names.GatewayAddressAnnotation) ?? false)
            ?? throw new DevException("There is no leader's Lease in namespace berth-system.");
        return (lease.Spec?.HolderIdentity ?? "", lease.Spec?.LeaseTransitions ?? 0);
    }

    // The pod runner marks each process of a container with the container's id in its environment.
    private static bool IsOf(IReadOnlyCollection<string> containers, int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ")).Split('\0').Any(v => containers.Contains(v[(v.IndexOf('=', StringComparison.Ordinal) + 1)..]));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
