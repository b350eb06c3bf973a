using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>A field of an object: the name in JSON and its declaration.</summary>
internal sealed record CelField(string JsonName, CelDecl Decl);

/// <summary>A declared type with what bounds the size of its values.</summary>
internal sealed class CelDecl
{
    private static readonly Dictionary<string, CelField> NoFields = [];

    public CelDecl(CelType type, string typeName = "object")
    {
        Type = type.Kind == CelTypeKind.Object ? type with { Decl = this } : type;
        TypeName = typeName;
    }

    public CelType Type { get; }

    public string TypeName { get; }

    /// <summary>The schema that this was made from.</summary>
    public StructuralSchema? Schema { get; init; }

    public IReadOnlyDictionary<string, CelField> Fields { get; init; } = NoFields;

    public CelDecl? Element { get; init; }

    public bool Nullable { get; init; }

    /// <summary>The most characters, items or entries that a value can have.</summary>
    public long MaxElements { get; init; }

    /// <summary>The fewest bytes of JSON that a value takes.</summary>
    public long MinSize { get; init; }

    public static CelDecl Simple(CelType type, long minSize = 1, long maxElements = 0) =>
        new(type) { MinSize = minSize, MaxElements = maxElements };

    /// <summary>A variable of any type.</summary>
    public static CelDecl Any { get; } = new(CelType.Dyn) { Nullable = true, MaxElements = SchemaDecl.MaxRequest };
}
