namespace Berth.Kubernetes;

/// <summary>The part of an object's metadata that the runtime itself needs.</summary>
/// <param name="Namespace">The namespace; null (or empty) for cluster-scoped objects.</param>
/// <param name="Name">The name.</param>
/// <param name="Uid">The uid; empty before the object was created.</param>
/// <param name="ResourceVersion">The resourceVersion; empty before the object was created.</param>
public readonly record struct ObjectIdentity(string? Namespace, string? Name, string? Uid, string? ResourceVersion)
{
    /// <summary>The key of the object.</summary>
    public ObjectKey Key => new(string.IsNullOrEmpty(Namespace) ? null : Namespace, Name ?? "");
}
