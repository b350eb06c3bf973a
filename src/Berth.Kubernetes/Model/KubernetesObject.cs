using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>Base of this library's own resource records.</summary>
public abstract record KubernetesObject : Extensible, IKubernetesObject
{
    /// <inheritdoc />
    [JsonPropertyOrder(-3)]
    public abstract string ApiVersion { get; }

    /// <inheritdoc />
    [JsonPropertyOrder(-2)]
    public abstract string Kind { get; }

    /// <inheritdoc />
    [JsonPropertyOrder(-1)]
    public ObjectMeta Metadata { get => field ?? ObjectMeta.Empty; init; }
}
