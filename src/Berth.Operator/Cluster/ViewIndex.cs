using System.Runtime.InteropServices;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>Keys of objects by a value. Nearly every value of some indexes (a uid) has one key and needs no set for it.</summary>
internal sealed class ViewIndex<T>(Func<T, IEnumerable<string>> valuesOf) where T : class
{
    private readonly Dictionary<string, (ObjectKey First, HashSet<ObjectKey>? All)> _keys = new(StringComparer.Ordinal);

    /// <summary>The keys under a value.</summary>
    public IEnumerable<ObjectKey> Find(string value) =>
        !_keys.TryGetValue(value, out var found) ? [] : found.All is { } all ? all : [found.First];

    /// <summary>Files an object.</summary>
    public void Add(ObjectKey key, T value)
    {
        foreach (var filed in valuesOf(value))
        {
            ref var keys = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, filed, out var there);
            if (!there) keys = (key, null);
            else if (keys.All is { } all) all.Add(key);
            else if (keys.First != key) keys = (default, [keys.First, key]);
        }
    }

    /// <summary>Takes an object away, as it was when it was filed.</summary>
    public void Remove(ObjectKey key, T old)
    {
        foreach (var filed in valuesOf(old))
        {
            if (!_keys.TryGetValue(filed, out var keys)) continue;
            if (keys.All is { } all) all.Remove(key);
            if (keys.All is { Count: 0 } || (keys.All is null && keys.First == key)) _keys.Remove(filed);
        }
    }
}
