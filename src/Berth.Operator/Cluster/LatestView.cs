using System.Globalization;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>
/// The newest known version of each object: what the informer told, or what we wrote ourselves and the informer has not told yet.
/// Indexed, so that nothing scans.
/// </summary>
internal sealed class LatestView<T>(ResourceType<T> type, IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> indexes) where T : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, ViewIndex<T>> _indexes = indexes.ToDictionary(i => i.Key, i => new ViewIndex<T>(i.Value), StringComparer.Ordinal);

    private Action<T?, T?>? _follower;

    /// <summary>
    /// What the informer told, once it is in the view. A handler of the informer may be called sooner: whoever it wakes would look at what was
    /// before.
    /// </summary>
    public event Action<InformerEvent<T>>? Observed;

    /// <summary>Number of objects.</summary>
    public int Count
    {
        get { lock (_lock) return _objects.Count; }
    }

    /// <summary>The object, or null.</summary>
    public T? Get(ObjectKey key)
    {
        lock (_lock) return _objects.GetValueOrDefault(key);
    }

    /// <summary>The objects under a value of an index.</summary>
    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_lock) return [.. _indexes[index].Find(value).Select(k => _objects[k])];
    }

    /// <summary>Keys of the objects under a value of an index.</summary>
    public IReadOnlyList<ObjectKey> KeysByIndex(string index, string value)
    {
        lock (_lock) return [.. _indexes[index].Find(value)];
    }

    /// <summary>All objects that meet a condition, which is asked with the view locked.</summary>
    public IReadOnlyList<T> Where(Func<T, bool> condition)
    {
        lock (_lock) return [.. _objects.Values.Where(condition)];
    }

    /// <summary>All keys.</summary>
    public IReadOnlyList<ObjectKey> Keys()
    {
        lock (_lock) return [.. _objects.Keys];
    }

    /// <summary>
    /// Tells of every object that is there, and from then on of each change: before (null: it appears) and after (null: it goes). In order, and
    /// with the view locked: the follower asks it nothing.
    /// </summary>
    public void Follow(Action<T?, T?> follower)
    {
        lock (_lock)
        {
            foreach (var value in _objects.Values) follower(null, value);
            _follower += follower;
        }
    }

    /// <summary>Takes what the informer told; an older version than the one we wrote is passed over.</summary>
    public void Observe(InformerEvent<T> change)
    {
        TakeIn(change);
        Observed?.Invoke(change);
    }

    private void TakeIn(InformerEvent<T> change)
    {
        lock (_lock)
        {
            if (change.Type == InformerEventType.Deleted)
            {
                if (_objects.TryGetValue(change.Key, out var known) && type.Identify(known).Uid == type.Identify(change.Object).Uid) Drop(change.Key);
                return;
            }
            if (_objects.TryGetValue(change.Key, out var held) && IsNewer(held, change.Object)) return;
            Put(change.Key, change.Object);
        }
    }

    /// <summary>Takes the answer to our own write.</summary>
    public void Wrote(T value)
    {
        var key = type.KeyOf(value);
        lock (_lock)
        {
            if (_objects.TryGetValue(key, out var held) && (IsNewer(held, value) || IsSuccessor(held, value))) return;
            Put(key, value);
        }
    }

    /// <summary>Takes the answer to a live read of the object with this uid: null if it is gone. One of the same name that the informer has told since stays.</summary>
    public void Read(ObjectKey key, string? uid, T? value)
    {
        lock (_lock)
        {
            var held = _objects.GetValueOrDefault(key);
            if (held is not null && value is null && type.Identify(held).Uid != uid) return;
            if (value is null) Drop(key);
            else if (held is null || (!IsNewer(held, value) && !IsSuccessor(held, value))) Put(key, value);
        }
    }

    private bool IsNewer(T held, T offered) => type.Identify(held).Uid == type.Identify(offered).Uid && IsLater(held, offered);

    /// <summary>Whether the held object came after the offered one and has only its name.</summary>
    private bool IsSuccessor(T held, T offered) => type.Identify(held).Uid != type.Identify(offered).Uid && IsLater(held, offered);

    private bool IsLater(T held, T offered)
    {
        var (a, b) = (type.Identify(held), type.Identify(offered));
        return ulong.TryParse(a.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var mine)
            && ulong.TryParse(b.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var theirs)
            && mine > theirs;
    }

    private void Put(ObjectKey key, T value)
    {
        if (_objects.TryGetValue(key, out var old)) Unfile(key, old);
        _objects[key] = value;
        _follower?.Invoke(old, value);
        foreach (var index in _indexes.Values) index.Add(key, value);
    }

    private void Drop(ObjectKey key)
    {
        if (!_objects.Remove(key, out var old)) return;
        Unfile(key, old);
        _follower?.Invoke(old, null);
    }

    private void Unfile(ObjectKey key, T old)
    {
        foreach (var index in _indexes.Values) index.Remove(key, old);
    }
}
