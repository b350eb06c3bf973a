using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>Observed state of a pod.</summary>
public sealed record PodStatus : Extensible
{
    /// <summary>Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string? Phase { get; init; }

    /// <summary>Why it is in this phase.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }

    /// <summary>Address of the pod.</summary>
    [JsonPropertyName("podIP")]
    public string? PodIP { get; init; }

    /// <summary>Address of the node.</summary>
    [JsonPropertyName("hostIP")]
    public string? HostIP { get; init; }

    /// <summary>When the kubelet took it up.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Quality of service.</summary>
    public string? QosClass { get; init; }

    /// <summary>Conditions.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>States of the init containers.</summary>
    public IReadOnlyList<ContainerStatus>? InitContainerStatuses { get; init; }

    /// <summary>States of the containers.</summary>
    public IReadOnlyList<ContainerStatus>? ContainerStatuses { get; init; }
}
