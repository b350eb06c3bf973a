using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Declares the types of a schema to expressions; what the schema does not specify is not declared.</summary>
internal static class SchemaDecl
{
    /// <summary>The most bytes that a request to a kube-apiserver may have, which bounds everything without bounds of its own.</summary>
    public const long MaxRequest = 3 * 1024 * 1024;

    /// <summary>The declaration of a schema; null when it is not exposed to expressions.</summary>
    public static CelDecl? Of(StructuralSchema schema, bool resourceRoot, string typeName = "object")
    {
        if (schema.IntOrString)
            return new CelDecl(CelType.Dyn)
            {
                Schema = schema,
                Nullable = schema.Nullable,
                MinSize = 1,
                MaxElements = schema.MaxLength is { } length ? Math.Max(0, length) * 4 : MaxRequest - 2,
            };
        return schema.Type switch
        {
            "array" => List(schema, typeName),
            "object" when schema.AdditionalProperties is { } values && !resourceRoot => Map(schema, values, typeName),
            "object" => Object(schema, resourceRoot, typeName),
            "string" => Text(schema),
            "boolean" => Scalar(schema, CelType.Bool, 4),
            "number" => Scalar(schema, CelType.Double, 1),
            "integer" => Scalar(schema, CelType.Int, 1),
            _ => null,
        };
    }

    private static CelDecl Scalar(StructuralSchema schema, CelType type, long minSize, long maxElements = 0) =>
        new(type) { Schema = schema, Nullable = schema.Nullable, MinSize = minSize, MaxElements = maxElements };

    private static CelDecl? List(StructuralSchema schema, string typeName)
    {
        if (schema.Items is null || Of(schema.Items, schema.Items.EmbeddedResource, typeName + ".@idx") is not { } element)
            return null;
        return new CelDecl(CelType.List(element.Type))
        {
            Schema = schema,
            Nullable = schema.Nullable,
            Element = element,
            MinSize = 2,
            MaxElements = schema.MaxItems is { } items ? Math.Max(0, items) : (MaxRequest - 2) / (element.MinSize + 1),
        };
    }

    private static CelDecl? Map(StructuralSchema schema, StructuralSchema values, string typeName)
    {
        if (Of(values, values.EmbeddedResource, typeName + ".@elem") is not { } element)
            return null;
        return new CelDecl(CelType.Map(CelType.String, element.Type))
        {
            Schema = schema,
            Nullable = schema.Nullable,
            Element = element,
            MinSize = 2,
            MaxElements = schema.MaxProperties is { } properties ? Math.Max(0, properties) : (MaxRequest - 2) / (element.MinSize + 6),
        };
    }

    private static CelDecl Object(StructuralSchema schema, bool resourceRoot, string typeName)
    {
        var fields = new Dictionary<string, CelField>(StringComparer.Ordinal);
        var minSize = 2L;
        foreach (var (name, property) in schema.Properties)
        {
            if (Of(property, property.EmbeddedResource, $"{typeName}.{name}") is not { } decl)
                continue;
            if (CelNames.Escape(name) is { } escaped)
                fields[escaped] = new CelField(name, decl);
            if (schema.Required.Contains(name) && property.Default is null)
                minSize += name.Length + decl.MinSize + 4;
        }
        if (resourceRoot)
            AddTypeAndMetadata(fields, typeName);
        return new CelDecl(new CelType(CelTypeKind.Object, typeName), typeName)
        {
            Schema = schema,
            Nullable = schema.Nullable,
            Fields = fields,
            MinSize = minSize,
        };
    }

    /// <summary>Type and names are known at the root of every resource, whatever the schema says.</summary>
    private static void AddTypeAndMetadata(Dictionary<string, CelField> fields, string typeName)
    {
        var text = CelDecl.Simple(CelType.String, 2, MaxRequest - 2);
        fields["kind"] = new CelField("kind", text);
        fields["apiVersion"] = new CelField("apiVersion", text);
        var names = new Dictionary<string, CelField>(StringComparer.Ordinal)
        {
            ["name"] = new("name", text),
            ["generateName"] = new("generateName", text),
        };
        var metadata = new CelDecl(new CelType(CelTypeKind.Object, typeName + ".metadata"), typeName + ".metadata") { Fields = names, MinSize = 2 };
        fields["metadata"] = new CelField("metadata", metadata);
    }

    private static CelDecl Text(StructuralSchema schema)
    {
        switch (schema.Format)
        {
            case "byte": return Scalar(schema, CelType.Bytes, 2, schema.MaxLength is { } bytes ? Math.Max(0, bytes) : MaxRequest - 2);
            case "duration": return Scalar(schema, CelType.Duration, 3, 32);
            case "date": return Scalar(schema, CelType.Timestamp, 12, 12);
            case "date-time": return Scalar(schema, CelType.Timestamp, 21, 32);
        }
        if (schema.MaxLength is { } length)
            return Scalar(schema, CelType.String, 2, Math.Max(0, length) * 4);
        if (schema.Enum.Count > 0)
            return Scalar(schema, CelType.String, 2, schema.Enum.Max(e => Datum.Of(e).Text.Length));
        return Scalar(schema, CelType.String, 2, MaxRequest - 2);
    }
}
