namespace Berth.DevCluster.Schema;

/// <summary>How often the values of a schema node can appear in one object; null where nothing bounds it.</summary>
internal sealed record CelScope(StructuralSchema Schema, ulong? Cardinality, bool ResourceRoot)
{
    public CelScope Child(StructuralSchema schema) =>
        new(schema, Cardinality is { } count && Elements is { } elements ? Multiply(count, elements) : null, schema.EmbeddedResource);

    private ulong? Elements => Schema.Type switch
    {
        "array" => Schema.MaxItems is { } items ? (ulong)Math.Max(0, items) : null,
        "object" when Schema.HasAdditionalProperties => Schema.MaxProperties is { } properties ? (ulong)Math.Max(0, properties) : null,
        _ => 1UL,
    };

    /// <summary>A product that stays at the largest number instead of overflowing.</summary>
    public static ulong Multiply(ulong a, ulong b) => a == 0 ? 0 : ulong.MaxValue / a < b ? ulong.MaxValue : a * b;
}
