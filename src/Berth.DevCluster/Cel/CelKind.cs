namespace Berth.DevCluster.Cel;

/// <summary>The kinds of value that an expression can have while it runs.</summary>
internal enum CelKind : byte
{
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List,
    Map,
    Type,
    Optional,
    Opaque,
}
