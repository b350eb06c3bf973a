using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>A service; its spec is a tree.</summary>
public sealed record Service() : KubernetesObject("v1", "Service")
{
    /// <summary>Desired state.</summary>
    public JsonElement? Spec { get; init; }

    /// <summary>Observed state.</summary>
    public JsonElement? Status { get; init; }
}
