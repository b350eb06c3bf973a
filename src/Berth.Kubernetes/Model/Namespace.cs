namespace Berth.Kubernetes;

/// <summary>A namespace.</summary>
public sealed record Namespace() : KubernetesObject("v1", "Namespace")
{
    /// <summary>Observed state.</summary>
    public NamespaceStatus? Status { get; init; }
}

/// <summary>Observed state of a namespace.</summary>
public sealed record NamespaceStatus : Extensible
{
    /// <summary>Active or Terminating.</summary>
    public string? Phase { get; init; }

    /// <summary>Conditions.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }
}
