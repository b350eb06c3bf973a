namespace Berth.Kubernetes;

/// <summary>The objects of a cache, by key and by named indexes. Safe for any number of readers; every answer is a snapshot.</summary>
/// <typeparam name="T">The object's record.</typeparam>
public sealed class Store<T> where T : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoreIndex<T>> _indexes = new(StringComparer.Ordinal);
    private Dictionary<ObjectKey, T> _objects = [];

    internal Store() { }

    /// <summary>How many objects there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _objects.Count;
        }
    }

    /// <summary>The object with a key; null when the cache has none, which proves nothing about the cluster.</summary>
    public T? Get(ObjectKey key)
    {
        lock (_lock) return _objects.GetValueOrDefault(key);
    }

    /// <summary>All objects, in no order.</summary>
    public IReadOnlyList<T> List()
    {
        lock (_lock) return [.. _objects.Values];
    }

    /// <summary>The objects that an index files under a value, in no order.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_lock) return Index(index).Find(value);
    }

    /// <summary>How many objects an index files under a value.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public int CountByIndex(string index, string value)
    {
        lock (_lock) return Index(index).Count(value);
    }

    /// <summary>All values that an index has objects under.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyList<string> IndexValues(string index)
    {
        lock (_lock) return Index(index).Values();
    }

    internal void AddIndex(string name, Func<T, IEnumerable<string>> valuesOf)
    {
        lock (_lock)
        {
            var index = new StoreIndex<T>(valuesOf);
            foreach (var value in _objects.Values) index.Add(value);
            if (!_indexes.TryAdd(name, index)) throw new ArgumentException($"There is an index \"{name}\" already.", nameof(name));
        }
    }

    internal T? Set(ObjectKey key, T value)
    {
        lock (_lock)
        {
            _objects.Remove(key, out var old);
            _objects.Add(key, value);
            foreach (var index in _indexes.Values)
            {
                if (old is not null) index.Remove(old);
                index.Add(value);
            }
            return old;
        }
    }

    internal T? Remove(ObjectKey key)
    {
        lock (_lock)
        {
            if (!_objects.Remove(key, out var old)) return null;
            foreach (var index in _indexes.Values) index.Remove(old);
            return old;
        }
    }

    /// <summary>Puts other objects in place of all, at once, and returns what was there.</summary>
    internal Dictionary<ObjectKey, T> Replace(Dictionary<ObjectKey, T> objects)
    {
        lock (_lock)
        {
            var old = _objects;
            _objects = objects;
            foreach (var index in _indexes.Values)
            {
                index.Clear();
                foreach (var value in objects.Values) index.Add(value);
            }
            return old;
        }
    }

    private StoreIndex<T> Index(string name) => _indexes.TryGetValue(name, out var index) ? index
        : throw new ArgumentException($"There is no index \"{name}\"; there are: {string.Join(", ", _indexes.Keys)}.", nameof(name));
}
