using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>
/// A schema of a CustomResourceDefinition (or, written in the same form, of a built-in kind), parsed once and then read by the
/// pruner, the defaulter, the validators and the CEL type checker. Immutable after <see cref="Parse"/>.
/// The same type serves the logical operands (<c>allOf</c>, <c>anyOf</c>, <c>oneOf</c>, <c>not</c>).
/// </summary>
internal sealed class StructuralSchema
{
    private static readonly Dictionary<string, StructuralSchema> NoProperties = [];

    /// <summary>The JSON this node was parsed from.</summary>
    public required JsonObject Source { get; init; }

    public string Type { get; init; } = "";

    public string Format { get; init; } = "";

    public bool Nullable { get; init; }

    /// <summary>The default; null for none. Never change it: clone it into objects.</summary>
    public JsonNode? Default { get; init; }

    public StructuralSchema? Items { get; init; }

    public IReadOnlyDictionary<string, StructuralSchema> Properties { get; init; } = NoProperties;

    /// <summary>The schema of additional properties, when it is one.</summary>
    public StructuralSchema? AdditionalProperties { get; init; }

    /// <summary>Whether additional properties are allowed, where <c>additionalProperties</c> is given at all.</summary>
    public bool? AdditionalPropertiesAllowed { get; init; }

    public bool PreserveUnknownFields { get; init; }

    public bool EmbeddedResource { get; init; }

    public bool IntOrString { get; init; }

    /// <summary>atomic, set or map; null when unset, which means atomic.</summary>
    public string? ListType { get; init; }

    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    /// <summary>granular or atomic; null when unset, which means granular.</summary>
    public string? MapType { get; init; }

    public IReadOnlyList<ValidationRule> Rules { get; init; } = [];

    public IReadOnlyList<JsonNode?> Enum { get; init; } = [];

    public double? Maximum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? Minimum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public double? MultipleOf { get; init; }

    public long? MaxLength { get; init; }

    public long? MinLength { get; init; }

    public string Pattern { get; init; } = "";

    public long? MaxItems { get; init; }

    public long? MinItems { get; init; }

    public bool UniqueItems { get; init; }

    public long? MaxProperties { get; init; }

    public long? MinProperties { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public IReadOnlyList<StructuralSchema> AllOf { get; init; } = [];

    public IReadOnlyList<StructuralSchema> AnyOf { get; init; } = [];

    public IReadOnlyList<StructuralSchema> OneOf { get; init; } = [];

    public StructuralSchema? Not { get; init; }

    /// <summary>The type names a value may have; two for int-or-string, none for any.</summary>
    public IReadOnlyList<string> TypeNames { get; init; } = [];

    /// <summary>The format that values are held to: empty where the type does not support it.</summary>
    public string EffectiveFormat { get; init; } = "";

    /// <summary>Whether this node or one below it has CEL rules.</summary>
    public bool HasRules { get; init; }

    /// <summary>Whether <c>additionalProperties</c> is given.</summary>
    public bool HasAdditionalProperties => AdditionalPropertiesAllowed.HasValue;

    /// <summary>The schema of a field: its property, else that of additional properties, else none.</summary>
    public StructuralSchema? Field(string name) => Properties.GetValueOrDefault(name) ?? AdditionalProperties;

    /// <summary>Parses a schema as written under <c>openAPIV3Schema</c>.</summary>
    /// <exception cref="SchemaFormatException">A keyword has a value of the wrong JSON type.</exception>
    public static StructuralSchema Parse(JsonNode schema) => SchemaReader.Read(schema, "openAPIV3Schema");
}
