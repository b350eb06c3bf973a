using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>The stores of several informers of one resource, none of which has an object of another.</summary>
internal sealed class ScopedStore<T>(IReadOnlyList<Store<T>> parts) where T : class
{
    /// <summary>The object with a key; null when no cache has it, which proves nothing about the cluster.</summary>
    public T? Get(ObjectKey key)
    {
        foreach (var part in parts)
            if (part.Get(key) is { } found) return found;
        return null;
    }

    /// <summary>All objects, in no order.</summary>
    public IReadOnlyList<T> List() => parts is [var one] ? one.List() : [.. parts.SelectMany(p => p.List())];

    /// <summary>The objects that an index files under a value, in no order.</summary>
    public IReadOnlyList<T> ByIndex(string index, string value) => parts is [var one] ? one.ByIndex(index, value) : [.. parts.SelectMany(p => p.ByIndex(index, value))];

    /// <summary>How many objects an index files under a value.</summary>
    public int CountByIndex(string index, string value) => parts.Sum(p => p.CountByIndex(index, value));
}
