namespace Berth.Kubernetes;

/// <summary>A pod.</summary>
public sealed record Pod : KubernetesObject
{
    /// <inheritdoc />
    public override string ApiVersion => "v1";

    /// <inheritdoc />
    public override string Kind => "Pod";

    /// <summary>Desired state.</summary>
    public PodSpec? Spec { get; init; }

    /// <summary>Observed state.</summary>
    public PodStatus? Status { get; init; }
}
