namespace Berth.Kubernetes;

/// <summary>How a server treats unknown and duplicate fields of a written object.</summary>
public enum FieldValidation
{
    /// <summary>The server's default.</summary>
    Default,

    /// <summary>Drop them silently.</summary>
    Ignore,

    /// <summary>Drop them and warn.</summary>
    Warn,

    /// <summary>Refuse the request.</summary>
    Strict,
}

/// <summary>Options of create, replace and patch.</summary>
public sealed record WriteOptions
{
    /// <summary>Check everything, store nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who owns the written fields; required for apply.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Apply only: take fields from other managers. Controllers do.</summary>
    public bool Force { get; init; }

    /// <summary>Treatment of unknown fields.</summary>
    public FieldValidation FieldValidation { get; init; }
}

/// <summary>What becomes of an object's dependents.</summary>
public enum DeletionPropagation
{
    /// <summary>The kind's default.</summary>
    Default,

    /// <summary>They stay.</summary>
    Orphan,

    /// <summary>They go afterwards.</summary>
    Background,

    /// <summary>They go first.</summary>
    Foreground,
}

/// <summary>Options of a deletion.</summary>
public sealed record DeleteOptions
{
    /// <summary>Delete only the object with this uid.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete only this version of the object.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>What becomes of dependents.</summary>
    public DeletionPropagation Propagation { get; init; }

    /// <summary>Grace in seconds; 0 forces a pod's object away whatever its processes do.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Check everything, delete nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>Options of a list.</summary>
public sealed record ListOptions
{
    /// <summary>Labels to select by.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Fields to select by.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Objects per page; null asks for all at once.</summary>
    public int? Limit { get; init; }

    /// <summary>Token of the next page, from the page before.</summary>
    public string? Continue { get; init; }

    /// <summary>Null reads through to the store; <c>0</c> takes any cached state.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary><c>Exact</c> or <c>NotOlderThan</c>; only with a resourceVersion.</summary>
    public string? ResourceVersionMatch { get; init; }
}

/// <summary>Options of a watch.</summary>
public sealed record WatchOptions
{
    /// <summary>Labels to select by.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Fields to select by.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Begin after this version; null begins with the present state as ADDED events.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Ask for the whole state first, closed by a bookmark with <see cref="WatchEvent{T}.InitialEventsEnd"/>.</summary>
    public bool SendInitialEvents { get; init; }

    /// <summary>Ask for bookmarks.</summary>
    public bool Bookmarks { get; init; } = true;

    /// <summary>After how long the server shall end the stream.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>After how long without a byte the stream counts as dead; null leaves that to the connection.</summary>
    public TimeSpan? IdleTimeout { get; init; }
}
