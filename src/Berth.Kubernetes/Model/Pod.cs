namespace Berth.Kubernetes;

/// <summary>A pod.</summary>
public sealed record Pod() : KubernetesObject("v1", "Pod")
{
    /// <summary>Desired state.</summary>
    public PodSpec? Spec { get; init; }

    /// <summary>Observed state.</summary>
    public PodStatus? Status { get; init; }
}
