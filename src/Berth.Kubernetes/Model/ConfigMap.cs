namespace Berth.Kubernetes;

/// <summary>A config map.</summary>
public sealed record ConfigMap() : KubernetesObject("v1", "ConfigMap")
{
    /// <summary>Text values.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Base64 values.</summary>
    public IReadOnlyDictionary<string, string>? BinaryData { get; init; }

    /// <summary>Whether it can change.</summary>
    public bool? Immutable { get; init; }
}
