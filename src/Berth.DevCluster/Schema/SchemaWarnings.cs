namespace Berth.DevCluster.Schema;

/// <summary>What a schema is warned about when its definition is written, without being refused.</summary>
internal static class SchemaWarnings
{
    /// <summary>One warning for each format that values are never held to.</summary>
    public static IReadOnlyList<string> UnrecognizedFormats(StructuralSchema schema)
    {
        var formats = new SortedSet<string>(StringComparer.Ordinal);
        Collect(schema, formats);
        return [.. formats.Select(f => $"unrecognized format {GoText.Quote(f)}")];
    }

    private static void Collect(StructuralSchema? schema, SortedSet<string> formats)
    {
        if (schema is null)
            return;
        if (schema.Format.Length > 0 && schema.EffectiveFormat.Length == 0)
            formats.Add(schema.Format);
        Collect(schema.Items, formats);
        Collect(schema.AdditionalProperties, formats);
        Collect(schema.Not, formats);
        foreach (var below in schema.Properties.Values.Concat(schema.AllOf).Concat(schema.AnyOf).Concat(schema.OneOf))
            Collect(below, formats);
    }
}
