using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>A lease.</summary>
public sealed record Lease() : KubernetesObject("coordination.k8s.io/v1", "Lease")
{
    /// <summary>Who holds it.</summary>
    public LeaseSpec? Spec { get; init; }
}

/// <summary>Who holds a lease, and since when.</summary>
public sealed record LeaseSpec : Extensible
{
    /// <summary>The holder; null or empty when free.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>How long others must wait.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When it was acquired.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When it was renewed; on the holder's clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the holder changed.</summary>
    public long? LeaseTransitions { get; init; }
}
