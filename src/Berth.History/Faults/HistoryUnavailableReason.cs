namespace Berth.History;

/// <summary>Why the history cannot be read or written. The names show in conditions, events, logs and metrics.</summary>
public enum HistoryUnavailableReason
{
    /// <summary>Nobody answers at the address, or the connection broke.</summary>
    Unreachable,

    /// <summary>The server answers, but takes no writes (a standby, or told so).</summary>
    ReadOnly,

    /// <summary>The server has no space left.</summary>
    DiskFull,

    /// <summary>User or password are refused.</summary>
    WrongPassword,

    /// <summary>The schema is older than this program; it must be migrated.</summary>
    SchemaOlder,

    /// <summary>The schema is newer than this program; the program must be upgraded.</summary>
    SchemaNewer,

    /// <summary>The server did not answer in time.</summary>
    Timeout,

    /// <summary>The server takes no more connections or has no memory left.</summary>
    Overloaded,

    /// <summary>The user lacks a right.</summary>
    NotAllowed,

    /// <summary>The database, or the connection string, is not what it should be.</summary>
    Misconfigured,

    /// <summary>Data is encrypted with a key that is not in the key ring.</summary>
    KeyMissing,

    /// <summary>The server refused a statement for a reason that this table does not know: a bug here or damage there.</summary>
    Refused,
}
