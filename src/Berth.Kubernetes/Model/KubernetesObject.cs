using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>Base of this library's own resource records.</summary>
/// <param name="ApiVersion">Group and version.</param>
/// <param name="Kind">Kind.</param>
public abstract record KubernetesObject(string ApiVersion, string Kind) : Extensible, IKubernetesObject
{
    /// <inheritdoc />
    [JsonPropertyOrder(-3)]
    public string ApiVersion { get; } = ApiVersion;

    /// <inheritdoc />
    [JsonPropertyOrder(-2)]
    public string Kind { get; } = Kind;

    /// <inheritdoc />
    [JsonPropertyOrder(-1)]
    public ObjectMeta Metadata { get => field ?? ObjectMeta.Empty; init; }
}
