using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>A node.</summary>
public sealed record Node() : KubernetesObject("v1", "Node")
{
    /// <summary>Desired state.</summary>
    public NodeSpec? Spec { get; init; }

    /// <summary>Observed state.</summary>
    public NodeStatus? Status { get; init; }
}

/// <summary>Desired state of a node.</summary>
public sealed record NodeSpec : Extensible
{
    /// <summary>Whether it is cordoned.</summary>
    public bool? Unschedulable { get; init; }

    /// <summary>Id at the provider.</summary>
    [JsonPropertyName("providerID")]
    public string? ProviderID { get; init; }

    /// <summary>Taints.</summary>
    public IReadOnlyList<Taint>? Taints { get; init; }
}

/// <summary>Keeps pods away.</summary>
public sealed record Taint : Extensible
{
    /// <summary>Key.</summary>
    public string? Key { get; init; }

    /// <summary>Value.</summary>
    public string? Value { get; init; }

    /// <summary>NoSchedule, PreferNoSchedule or NoExecute.</summary>
    public string? Effect { get; init; }

    /// <summary>Since when.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? TimeAdded { get; init; }
}

/// <summary>Observed state of a node.</summary>
public sealed record NodeStatus : Extensible
{
    /// <summary>Conditions.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>The machine.</summary>
    public NodeSystemInfo? NodeInfo { get; init; }
}

/// <summary>The machine behind a node.</summary>
public sealed record NodeSystemInfo : Extensible
{
    /// <summary>Changes with each boot.</summary>
    [JsonPropertyName("bootID")]
    public string? BootID { get; init; }

    /// <summary>Id of the machine.</summary>
    [JsonPropertyName("machineID")]
    public string? MachineID { get; init; }

    /// <summary>Version of the kubelet.</summary>
    public string? KubeletVersion { get; init; }
}
