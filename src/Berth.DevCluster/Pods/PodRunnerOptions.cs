namespace Berth.DevCluster.Pods;

/// <summary>How a pod runner runs pods; every default suits a developer's machine.</summary>
public sealed record PodRunnerOptions
{
    /// <summary>The kubeconfig whose current context names the API server.</summary>
    public required string KubeConfig { get; init; }

    /// <summary>Where volumes, logs and the record of processes are kept; keep the path short (Unix sockets end at 108 bytes).</summary>
    public required string Directory { get; init; }

    /// <summary>How many fake nodes to register.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Nodes are named after this and a number from zero: <c>dev-node-0</c>.</summary>
    public string NodePrefix { get; init; } = "dev-node-";

    /// <summary>Image references and the directories that stand for them (first on PATH; a file <c>entrypoint</c> is run).</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    /// <summary>How long each container's start is delayed, to stand for image and sandbox work.</summary>
    public TimeSpan StartDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Address of logs and the admin endpoint, http and https on one port; port 0 picks a free one.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    /// <summary>First back-off of a container that ended; doubles up to five minutes.</summary>
    public TimeSpan RestartBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a node's lease is renewed.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A container log is cut into files of this many bytes; the last two are kept.</summary>
    public long LogLimit { get; init; } = 10 * 1024 * 1024;

    /// <summary>Whether each pod has an address of its own in 127.0.0.0/8, where it may listen beside others on one port; Linux only. Otherwise all have 127.0.0.1.</summary>
    public bool PodAddresses { get; init; }

    /// <summary>Whether to bind pods without a node: true, false, or null for "unless a scheduler does".</summary>
    public bool? Schedule { get; init; }

    /// <summary>Receives one line per noteworthy thing; standard error by default.</summary>
    public Action<string> Report { get; init; } = static line => Console.Error.WriteLine(line);
}
