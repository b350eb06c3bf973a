using System.Globalization;
using Berth.Cli.Dev.Processes;

namespace Berth.Cli.Dev.Stack;

/// <summary>The pod runner: an ordinary API client that runs pods as local processes.</summary>
internal static class PodRunner
{
    // It ends its pods' processes before it ends itself.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    /// <param name="directory">The instance.</param>
    /// <param name="listen">host:port of its logs and admin endpoint, the same after each start.</param>
    /// <param name="nodes">How many nodes it plays.</param>
    /// <param name="changed">Told of each start and end.</param>
    public static SupervisedProgram Create(InstanceDirectory directory, string listen, int nodes, Action changed)
    {
        string[] arguments =
        [
            "pods", "--kubeconfig", directory.Kubeconfig, "--dir", directory.Pods, "--listen", listen,
            "--nodes", nodes.ToString(CultureInfo.InvariantCulture), "--image", $"{OperatorReplica.AgentImage}={Programs.AgentDirectory}",
        ];
        return new(new("pods", directory.Log("pods"), Programs.DevCluster, arguments), Grace, changed);
    }
}
