using System.Globalization;
using Berth.Cli.Dev.Processes;

namespace Berth.Cli.Dev.Stack;

/// <summary>The pod runner: an ordinary API client that runs pods as local processes.</summary>
internal static class PodRunner
{
    // It ends its pods' processes before it ends itself.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    public static SupervisedProgram Create(InstanceDirectory directory, int nodes, Action changed)
    {
        string[] arguments =
        [
            "pods", "--kubeconfig", directory.Kubeconfig, "--dir", directory.Pods,
            "--nodes", nodes.ToString(CultureInfo.InvariantCulture), "--image", $"{OperatorReplica.AgentImage}={Programs.AgentDirectory}",
        ];
        return new(new("pods", directory.Log("pods"), Programs.DevCluster, arguments), Grace, changed);
    }
}
