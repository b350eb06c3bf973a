using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>A condition in a status.</summary>
public sealed record Condition : Extensible
{
    /// <summary>The condition's type.</summary>
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Machine-readable reason in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }

    /// <summary>Generation the condition speaks of.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When the status last changed.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; init; }

    /// <summary>Whether the status is <c>True</c>.</summary>
    [JsonIgnore]
    public bool IsTrue => Status == "True";
}
