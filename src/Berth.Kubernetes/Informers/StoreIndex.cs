using System.Runtime.InteropServices;

namespace Berth.Kubernetes;

/// <summary>Objects filed under values. A value with one object, by far the most frequent case of uid and owner indexes, costs no set.</summary>
internal sealed class StoreIndex<T>(Func<T, IEnumerable<string>> valuesOf) where T : class
{
    private readonly Dictionary<string, object> _filed = new(StringComparer.Ordinal);

    public void Clear() => _filed.Clear();

    public void Add(T value)
    {
        foreach (var name in valuesOf(value))
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_filed, name, out _);
            if (slot is null) slot = value;
            else if (slot is HashSet<T> set) set.Add(value);
            else if (!ReferenceEquals(slot, value)) slot = new HashSet<T>(ReferenceEqualityComparer.Instance) { (T)slot, value };
        }
    }

    public void Remove(T value)
    {
        foreach (var name in valuesOf(value))
        {
            if (!_filed.TryGetValue(name, out var slot)) continue;
            if (slot is HashSet<T> set && set.Remove(value) && set.Count > 0) continue;
            if (slot is HashSet<T> { Count: > 0 }) continue;
            if (slot is HashSet<T> || ReferenceEquals(slot, value)) _filed.Remove(name);
        }
    }

    public int Count(string name) => !_filed.TryGetValue(name, out var slot) ? 0 : slot is HashSet<T> set ? set.Count : 1;

    public IReadOnlyList<T> Find(string name) => !_filed.TryGetValue(name, out var slot) ? [] : slot is HashSet<T> set ? [.. set] : [(T)slot];

    public IReadOnlyList<string> Values() => [.. _filed.Keys];
}
