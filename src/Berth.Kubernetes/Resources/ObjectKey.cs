namespace Berth.Kubernetes;

/// <summary>Namespace and name of an object: what queues and caches are keyed by.</summary>
/// <param name="Namespace">The namespace; null for cluster-scoped objects.</param>
/// <param name="Name">The name.</param>
public readonly record struct ObjectKey(string? Namespace, string Name)
{
    /// <summary>The key of a cluster-scoped object.</summary>
    public ObjectKey(string name) : this(null, name) { }

    /// <summary><c>namespace/name</c>, or <c>name</c> for cluster-scoped objects.</summary>
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
