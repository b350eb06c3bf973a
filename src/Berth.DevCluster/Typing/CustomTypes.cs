using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Typing;

/// <summary>Declared types of custom kinds, read from their OpenAPI schema.</summary>
internal static class CustomTypes
{
    private static readonly FieldType Text = new() { Shape = Shape.Scalar, Scalar = "s" };

    /// <summary>The type of a whole custom object; without a schema everything is kept and nothing is known.</summary>
    public static FieldType Root(JsonObject? schema)
    {
        var declared = schema is null ? FieldType.AnyType : Read(schema);
        var fields = declared.Fields.Where(f => f.Name is not ("apiVersion" or "kind" or "metadata")).ToList();
        var root = new FieldType { Shape = Shape.Struct, Element = declared.Shape == Shape.Any ? FieldType.AnyType : declared.Element };
        root.SetFields([new Field("apiVersion", Text), new Field("kind", Text), new Field("metadata", BuiltinTypes.ObjectMeta), .. fields]);
        return root;
    }

    private static FieldType Read(JsonObject schema)
    {
        var keepsUnknown = schema.Flag("x-kubernetes-preserve-unknown-fields") == true;
        if (schema.Flag("x-kubernetes-int-or-string") == true) return new FieldType { Shape = Shape.Scalar, Scalar = "I" };
        var embedded = schema.Flag("x-kubernetes-embedded-resource") == true;
        switch (schema.Text("type"))
        {
            case "array":
                return List(schema);
            case "object" when embedded || schema.Object("properties") is { Count: > 0 }:
                return Struct(schema, keepsUnknown, embedded);
            case "object" when schema.Object("additionalProperties") is { } values:
                return new FieldType { Shape = Shape.Map, Element = Read(values), Atomic = schema.Text("x-kubernetes-map-type") == "atomic" };
            case "object" when keepsUnknown || schema.Flag("additionalProperties") == true:
                return FieldType.AnyType;
            case "object":
                return new FieldType { Shape = Shape.Struct, Atomic = schema.Text("x-kubernetes-map-type") == "atomic" };
            case null or "":
                return FieldType.AnyType;
            default:
                return new FieldType { Shape = Shape.Scalar, Scalar = schema.Text("type") switch { "integer" => "i64", "number" => "n", "boolean" => "b", _ => "s" } };
        }
    }

    private static FieldType Struct(JsonObject schema, bool keepsUnknown, bool embedded)
    {
        var type = new FieldType
        {
            Shape = Shape.Struct,
            Atomic = schema.Text("x-kubernetes-map-type") == "atomic",
            Element = keepsUnknown ? FieldType.AnyType : null,
        };
        var fields = (schema.Object("properties") ?? []).Where(p => p.Value is JsonObject && !(embedded && (p.Key is "apiVersion" or "kind" or "metadata")))
            .Select(p => new Field(p.Key, Read((JsonObject)p.Value!), Default: ((JsonObject)p.Value!)["default"])).ToList();
        if (embedded) fields = [new Field("apiVersion", Text), new Field("kind", Text), new Field("metadata", BuiltinTypes.ObjectMeta), .. fields];
        type.SetFields(fields);
        return type;
    }

    private static FieldType List(JsonObject schema)
    {
        var kind = schema.Text("x-kubernetes-list-type") switch { "map" => ListKind.Map, "set" => ListKind.Set, _ => ListKind.Atomic };
        return new FieldType
        {
            Shape = Shape.List,
            List = kind,
            Atomic = kind == ListKind.Atomic,
            Element = schema.Object("items") is { } items ? Read(items) : FieldType.AnyType,
            Keys = [.. schema.Strings("x-kubernetes-list-map-keys").Order(StringComparer.Ordinal)],
        };
    }
}
