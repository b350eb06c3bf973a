namespace Berth.DevCluster.Controllers;

/// <summary>How the built-in controllers behave.</summary>
public sealed record ControllerOptions
{
    /// <summary>PEM of the cluster's authority, published to every namespace as <c>kube-root-ca.crt</c>.</summary>
    public string AuthorityPem { get; init; } = "";

    /// <summary>Controllers that do not run, by the names that docs/dev-cluster-pods.md lists.</summary>
    public IReadOnlyCollection<string> Off { get; init; } = [];

    /// <summary>A node whose lease and status are older than this becomes NotReady.</summary>
    public TimeSpan NodeGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often nodes are looked at.</summary>
    public TimeSpan NodePeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long pods of a node that is gone are left before the pod garbage collector takes them.</summary>
    public TimeSpan OrphanedPodGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Receives one line per noteworthy thing.</summary>
    public Action<string> Report { get; init; } = static line => Console.Error.WriteLine(line);
}
