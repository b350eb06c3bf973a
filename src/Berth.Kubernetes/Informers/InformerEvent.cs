namespace Berth.Kubernetes;

/// <summary>What happened to a cached object.</summary>
public enum InformerEventType
{
    /// <summary>It appeared.</summary>
    Added,

    /// <summary>It changed.</summary>
    Updated,

    /// <summary>It went.</summary>
    Deleted,
}

/// <summary>A change of a cache, told to its handlers in order. Objects are shared: never change them.</summary>
/// <typeparam name="T">The object's record.</typeparam>
/// <param name="Type">What happened.</param>
/// <param name="Key">Key of the object.</param>
/// <param name="Object">The object now; for a deletion its last state, see <paramref name="IsTombstone"/>.</param>
/// <param name="Old">The object before an update; otherwise null.</param>
/// <param name="IsInitial">Whether the object was there when the handler came or the cache was first filled: nothing new happened.</param>
/// <param name="IsTombstone">The deletion itself was missed (a gap, or a new object of the same name): the object is the last state that was seen.</param>
public readonly record struct InformerEvent<T>(InformerEventType Type, ObjectKey Key, T Object, T? Old, bool IsInitial, bool IsTombstone) where T : class;
