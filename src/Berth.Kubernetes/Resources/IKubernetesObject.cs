namespace Berth.Kubernetes;

/// <summary>Optional contract of a resource record that uses this library's <see cref="ObjectMeta"/>. Any other record works too,
/// by giving <see cref="ResourceType{T}"/> a delegate.</summary>
public interface IKubernetesObject
{
    /// <summary>Group and version, such as <c>apps/v1</c>.</summary>
    string? ApiVersion { get; }

    /// <summary>The kind, such as <c>Pod</c>.</summary>
    string? Kind { get; }

    /// <summary>The object's metadata.</summary>
    ObjectMeta Metadata { get; }
}
