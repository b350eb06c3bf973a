using System.Globalization;
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
        var all = await ProcessesAsync(ns, pod, cancellationToken);
        foreach (var process in all) process.Signal(Posix.Kill);
        return all.Count;
    }

    /// <summary>Whether a program of this name runs in a pod.</summary>
    public async Task<bool> RunsAsync(string ns, string pod, string program, CancellationToken cancellationToken) =>
        (await ProcessesAsync(ns, pod, cancellationToken)).Any(p => File.Exists($"/proc/{p.Pid}/comm") && File.ReadAllText($"/proc/{p.Pid}/comm").Trim() == program);

    private async Task<IReadOnlyList<ProcessIdentity>> ProcessesAsync(string ns, string pod, CancellationToken cancellationToken)
    {
        var found = await client.GetAsync(Pods, new(ns, pod), cancellationToken: cancellationToken);
        var containers = StatusLists
            .SelectMany(list => found["status"]?[list]?.AsArray() ?? [])
            .Select(c => c?["containerID"]?.GetValue<string>().Split("://")[^1])
            .OfType<string>()
            .Where(id => id.Length > 0)
            .ToList();
        var roots = containers.Select(FirstProcess).OfType<ProcessIdentity>();
        return ProcessTable.WithDescendants(roots);
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

    // The pod runner notes each container it started in a file named after the container's id; the fourth line is the process.
    private ProcessIdentity? FirstProcess(string container)
    {
        var note = Path.Combine(directory.Pods, "s", container);
        return File.Exists(note) && File.ReadAllLines(note) is [_, _, _, var pid, ..] ? ProcessIdentity.Of(int.Parse(pid, CultureInfo.InvariantCulture)) : null;
    }
}
