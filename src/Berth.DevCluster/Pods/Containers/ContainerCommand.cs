namespace Berth.DevCluster.Pods.Containers;

/// <summary>All that is needed to start a container's first process.</summary>
internal sealed record ContainerCommand
{
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=value</c>, complete: nothing of the pod runner's own environment is added.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public IReadOnlyList<VolumeMount> Mounts { get; init; } = [];

    /// <summary>The empty directory on which the private root is built (the same for all: each sees only its own).</summary>
    public required string Root { get; init; }

    /// <summary>False for <c>hostPID</c> and for a pod whose containers share one namespace.</summary>
    public bool OwnPidNamespace { get; init; } = true;

    /// <summary>The process whose PID namespace is entered (<c>shareProcessNamespace</c>).</summary>
    public int? JoinPid { get; init; }

    public string? Variable(string name)
    {
        string prefix = name + "=";
        return Environment.LastOrDefault(entry => entry.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }
}
