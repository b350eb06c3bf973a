namespace Berth.Kubernetes;

/// <summary>A secret.</summary>
public sealed record Secret() : KubernetesObject("v1", "Secret")
{
    /// <summary>Type.</summary>
    public string? Type { get; init; }

    /// <summary>Values; base64 in JSON.</summary>
    public IReadOnlyDictionary<string, byte[]>? Data { get; init; }

    /// <summary>Text values, write-only.</summary>
    public IReadOnlyDictionary<string, string>? StringData { get; init; }

    /// <summary>Whether it can change.</summary>
    public bool? Immutable { get; init; }
}
