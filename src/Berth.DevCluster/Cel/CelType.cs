namespace Berth.DevCluster.Cel;

/// <summary>The kinds of static type.</summary>
internal enum CelTypeKind
{
    Dyn,
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
    Object,
    Type,
    Optional,
    Opaque,
    Parameter,
    Error,
}

/// <summary>A static type of an expression.</summary>
internal sealed record CelType(CelTypeKind Kind, string Name)
{
    public static readonly CelType Dyn = new(CelTypeKind.Dyn, "dyn");
    public static readonly CelType Null = new(CelTypeKind.Null, "null");
    public static readonly CelType Bool = new(CelTypeKind.Bool, "bool");
    public static readonly CelType Int = new(CelTypeKind.Int, "int");
    public static readonly CelType Uint = new(CelTypeKind.Uint, "uint");
    public static readonly CelType Double = new(CelTypeKind.Double, "double");
    public static readonly CelType String = new(CelTypeKind.String, "string");
    public static readonly CelType Bytes = new(CelTypeKind.Bytes, "bytes");
    public static readonly CelType Duration = new(CelTypeKind.Duration, "google.protobuf.Duration");
    public static readonly CelType Timestamp = new(CelTypeKind.Timestamp, "google.protobuf.Timestamp");

    /// <summary>The type of an expression that has an error; nothing more is said about it.</summary>
    public static readonly CelType Error = new(CelTypeKind.Error, "!error!");

    public static readonly CelType A = new(CelTypeKind.Parameter, "A");
    public static readonly CelType B = new(CelTypeKind.Parameter, "B");

    /// <summary>The element of a list, the value of a map, what an optional or a type is of.</summary>
    public CelType? Element { get; init; }

    /// <summary>The key of a map.</summary>
    public CelType? Key { get; init; }

    /// <summary>The declaration of an object.</summary>
    public CelDecl? Decl { get; init; }

    public static CelType List(CelType element) => new(CelTypeKind.List, "list") { Element = element };

    public static CelType Map(CelType key, CelType value) => new(CelTypeKind.Map, "map") { Key = key, Element = value };

    public static CelType Optional(CelType value) => new(CelTypeKind.Optional, "optional_type") { Element = value };

    public static CelType TypeOf(CelType type) => new(CelTypeKind.Type, "type") { Element = type };

    public static CelType Opaque(string name) => new(CelTypeKind.Opaque, name);

    /// <summary>Objects are the same type only when they are of one declaration.</summary>
    public bool Equals(CelType? other) => other is not null && Kind == other.Kind && Name == other.Name
        && ReferenceEquals(Decl, other.Decl) && Equals(Element, other.Element) && Equals(Key, other.Key);

    public override int GetHashCode() => HashCode.Combine(Kind, Name, Element, Key);

    /// <summary>The type as error messages show it.</summary>
    public override string ToString() => Kind switch
    {
        CelTypeKind.List => $"list({Element})",
        CelTypeKind.Map => $"map({Key}, {Element})",
        CelTypeKind.Optional => $"optional_type({Element})",
        CelTypeKind.Type => Element is null ? "type" : $"type({Element})",
        _ => Name,
    };
}
