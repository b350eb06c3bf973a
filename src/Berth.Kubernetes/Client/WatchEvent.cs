namespace Berth.Kubernetes;

/// <summary>What a watch reports.</summary>
public enum WatchEventType
{
    /// <summary>The object is there.</summary>
    Added,

    /// <summary>The object changed.</summary>
    Modified,

    /// <summary>The object is gone; this is its last state.</summary>
    Deleted,

    /// <summary>Nothing but a newer resourceVersion.</summary>
    Bookmark,
}

/// <summary>One event of a watch.</summary>
/// <typeparam name="T">The object's record.</typeparam>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object; null for a bookmark.</param>
/// <param name="ResourceVersion">Where to go on after this event.</param>
/// <param name="InitialEventsEnd">Whether this bookmark closes the initial events.</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T? Object, string? ResourceVersion, bool InitialEventsEnd) where T : class;
