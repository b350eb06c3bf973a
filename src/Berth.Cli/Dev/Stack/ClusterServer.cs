using Berth.Cli.Dev.Processes;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>The embedded Kubernetes API of one instance.</summary>
internal sealed class ClusterServer(ChildProcess process)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public ProcessIdentity Identity => process.Identity;

    public Task<int> Exit => process.Exit;

    public static ClusterServer Start(InstanceDirectory directory, bool faults)
    {
        string[] arguments = ["serve", "--dir", directory.Path, "--crds", Programs.InTree("crds"), .. faults ? ["--faults"] : Array.Empty<string>()];
        return new(ChildProcess.Run(new("cluster", directory.Log("cluster"), Programs.DevCluster, arguments)));
    }

    /// <summary>Waits until the API answers under the kubeconfig that the cluster wrote.</summary>
    public Task ReadyAsync(InstanceDirectory directory, TimeSpan limit, CancellationToken cancellationToken)
    {
        var log = directory.Log("cluster");
        return Until.TrueAsync("The dev cluster is not ready", limit, log, async stop =>
        {
            if (process.Exit.IsCompleted) throw new DevException($"The dev cluster ended with code {await process.Exit} while starting.", log);
            return File.Exists(directory.Kubeconfig) ? await ClusterAccess.WhyNotReadyAsync(directory.Kubeconfig, stop) : "it has written no kubeconfig yet";
        }, cancellationToken);
    }

    public Task StopAsync() => process.StopAsync(Grace);
}
