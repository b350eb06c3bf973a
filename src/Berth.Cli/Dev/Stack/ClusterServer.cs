using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.DevCluster;

namespace Berth.Cli.Dev.Stack;

/// <summary>
/// The embedded Kubernetes API of one instance. It keeps its objects on disk and its port, so that when it is killed it comes back as
/// what it was.
/// </summary>
internal static class ClusterServer
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public static SupervisedProgram Create(InstanceDirectory directory, bool faults, Action changed)
    {
        string[] arguments =
        [
            "serve", "--dir", directory.Path, "--crds", Programs.InTree("crds"), "--persist",
            .. faults ? ["--faults"] : Array.Empty<string>(), "--port", FreePorts.Take(1)[0].ToString(CultureInfo.InvariantCulture),
        ];
        return new(new("cluster", directory.Log("cluster"), Programs.DevCluster, arguments), Grace, changed);
    }

    /// <summary>Waits until the API answers under the kubeconfig that the cluster wrote.</summary>
    public static Task ReadyAsync(SupervisedProgram cluster, InstanceDirectory directory, TimeSpan limit, CancellationToken cancellationToken)
    {
        var log = directory.Log("cluster");
        return Until.TrueAsync("The dev cluster is not ready", limit, log, async stop =>
        {
            if (cluster.Restarts > 0) throw new DevException($"The dev cluster ended with code {cluster.LastExit} while starting.", log);
            return File.Exists(directory.Kubeconfig) ? await ClusterAccess.WhyNotReadyAsync(directory.Kubeconfig, stop) : "it has written no kubeconfig yet";
        }, cancellationToken);
    }
}
