using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>What a pod shall run. Fields without a property are kept in <see cref="Extensible.Extra"/>.</summary>
public sealed record PodSpec : Extensible
{
    /// <summary>The node the pod is bound to.</summary>
    public string? NodeName { get; init; }

    /// <summary>Name of its service account.</summary>
    public string? ServiceAccountName { get; init; }

    /// <summary>Always, OnFailure or Never.</summary>
    public string? RestartPolicy { get; init; }

    /// <summary>Grace at deletion, in seconds.</summary>
    public long? TerminationGracePeriodSeconds { get; init; }

    /// <summary>Whether it uses the node's network.</summary>
    public bool? HostNetwork { get; init; }

    /// <summary>Whether it sees the node's processes.</summary>
    [JsonPropertyName("hostPID")]
    public bool? HostPID { get; init; }

    /// <summary>Whether its containers see each other's processes.</summary>
    public bool? ShareProcessNamespace { get; init; }

    /// <summary>Labels that the node must have.</summary>
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>Init containers and sidecars.</summary>
    public IReadOnlyList<Container>? InitContainers { get; init; }

    /// <summary>Containers.</summary>
    public IReadOnlyList<Container>? Containers { get; init; }

    /// <summary>Volumes.</summary>
    public IReadOnlyList<Volume>? Volumes { get; init; }
}
