using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.OpenApi;

/// <summary>Schemas of built-in types, written from their field tables. They carry no descriptions.</summary>
internal sealed class BuiltinSchemas(string referencePrefix)
{
    private readonly Queue<FieldType> _pending = new();
    private readonly HashSet<string> _seen = [];

    /// <summary>A reference to a type; the type itself is written by <see cref="Write"/>.</summary>
    public JsonObject Reference(FieldType type)
    {
        if (_seen.Add(type.Name)) _pending.Enqueue(type);
        return new JsonObject { ["$ref"] = referencePrefix + SchemaNames.Builtin(type.Name) };
    }

    /// <summary>Writes all types that are referred to, and those they refer to.</summary>
    public void Write(JsonObject schemas)
    {
        while (_pending.TryDequeue(out var type)) schemas[SchemaNames.Builtin(type.Name)] = Struct(type);
    }

    private JsonObject Struct(FieldType type)
    {
        var properties = new JsonObject();
        foreach (var field in type.Fields.OrderBy(f => f.Name, StringComparer.Ordinal)) properties[field.Name] = Property(field);
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        var required = type.Fields.Where(f => !f.OmitEmpty && !f.Pointer && f.Name is not ("metadata" or "status")).Select(f => f.Name).ToList();
        if (required.Count > 0) schema["required"] = required.ToJson();
        if (type.Atomic) schema["x-kubernetes-map-type"] = "atomic";
        return schema;
    }

    private JsonObject Property(Field field)
    {
        var schema = Schema(field.Type);
        if (field.Patch.Length > 0) schema["x-kubernetes-patch-strategy"] = field.Patch.Replace('+', ',');
        if (field.PatchKey.Length > 0) schema["x-kubernetes-patch-merge-key"] = field.PatchKey;
        return schema;
    }

    private JsonObject Schema(FieldType type)
    {
        switch (type.Shape)
        {
            case Shape.Struct:
                return new JsonObject { ["allOf"] = new JsonArray(Reference(type)), ["default"] = new JsonObject() };
            case Shape.Map:
                return new JsonObject { ["type"] = "object", ["additionalProperties"] = Schema(type.Element!) };
            case Shape.List:
                var list = new JsonObject { ["type"] = "array", ["items"] = Schema(type.Element!) };
                list["x-kubernetes-list-type"] = type.List switch { ListKind.Map => "map", ListKind.Set => "set", _ => "atomic" };
                if (type.List == ListKind.Map) list["x-kubernetes-list-map-keys"] = type.Keys.ToJson();
                return list;
            case Shape.Any:
                return new JsonObject { ["type"] = "object" };
            default:
                return Scalar(type.Scalar);
        }
    }

    private static JsonObject Scalar(string scalar) => scalar switch
    {
        "b" => new JsonObject { ["type"] = "boolean" },
        "i" or "i32" => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        "i64" => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        "n" => new JsonObject { ["type"] = "number", ["format"] = "double" },
        "t" or "u" => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        "y" => new JsonObject { ["type"] = "string", ["format"] = "byte" },
        "I" => new JsonObject { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }), ["format"] = "int-or-string" },
        _ => new JsonObject { ["type"] = "string" },
    };
}
