using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Limits voluntary disruption.</summary>
public sealed record PodDisruptionBudget() : KubernetesObject("policy/v1", "PodDisruptionBudget")
{
    /// <summary>Desired state.</summary>
    public PodDisruptionBudgetSpec? Spec { get; init; }

    /// <summary>Observed state.</summary>
    public JsonElement? Status { get; init; }
}

/// <summary>How much disruption is allowed.</summary>
public sealed record PodDisruptionBudgetSpec : Extensible
{
    /// <summary>Pods that must stay.</summary>
    public IntOrString? MinAvailable { get; init; }

    /// <summary>Pods that may be gone.</summary>
    public IntOrString? MaxUnavailable { get; init; }

    /// <summary>Which pods.</summary>
    public LabelSelector? Selector { get; init; }
}
