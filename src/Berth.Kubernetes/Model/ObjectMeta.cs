using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>Metadata of an object.</summary>
public sealed record ObjectMeta : Extensible
{
    internal static readonly ObjectMeta Empty = new();

    /// <summary>The name.</summary>
    public string? Name { get; init; }

    /// <summary>Prefix for a name that the server completes.</summary>
    public string? GenerateName { get; init; }

    /// <summary>The namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>The uid.</summary>
    public string? Uid { get; init; }

    /// <summary>Opaque version of the stored object.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Grows with each change of the spec.</summary>
    public long? Generation { get; init; }

    /// <summary>When the object was created.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When deletion was asked for; the object goes once its finalizers are gone.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Grace of the deletion, in seconds.</summary>
    public long? DeletionGracePeriodSeconds { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Owners.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Finalizers.</summary>
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>The value of a label; null when absent.</summary>
    public string? Label(string key) => Labels?.GetValueOrDefault(key);

    /// <summary>The value of an annotation; null when absent.</summary>
    public string? Annotation(string key) => Annotations?.GetValueOrDefault(key);

    /// <summary>Whether a finalizer is present.</summary>
    public bool HasFinalizer(string finalizer) => Finalizers?.Contains(finalizer) ?? false;

    /// <summary>The owner that is marked as the controller; null when there is none.</summary>
    public OwnerReference? ControllerOwner() => OwnerReferences?.FirstOrDefault(static o => o.Controller == true);
}
