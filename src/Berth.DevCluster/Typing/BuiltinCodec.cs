using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Typing;

/// <summary>
/// Decodes objects of built-in kinds as a typed server does: declared fields in declared order, nothing undeclared, empty fields
/// left out and the others written with their zero value.
/// </summary>
internal sealed class BuiltinCodec
{
    private readonly List<string> _unknown = [];

    private BuiltinCodec() { }

    /// <summary>The normalised object and the paths of the fields it does not know.</summary>
    public static (JsonObject Object, IReadOnlyList<string> Unknown) Decode(JsonObject source, FieldType type)
    {
        var codec = new BuiltinCodec();
        var result = codec.Struct(source, type, "");
        return (KindFirst(result, source), codec._unknown);
    }

    /// <summary>The object as it is before anything was set: what its first writer is compared with.</summary>
    public static JsonObject Zero(FieldType type) => new BuiltinCodec().Struct([], type, "");

    private static JsonObject KindFirst(JsonObject result, JsonObject source)
    {
        var ordered = new JsonObject();
        if (source.Text("kind") is { } kind) ordered["kind"] = kind;
        if (source.Text("apiVersion") is { } version) ordered["apiVersion"] = version;
        foreach (var (key, value) in result.ToList())
        {
            if (key is "kind" or "apiVersion") continue;
            result.Remove(key);
            ordered[key] = value;
        }
        return ordered;
    }

    private JsonObject Struct(JsonObject source, FieldType type, string path)
    {
        foreach (var (key, _) in source)
        {
            if (type.Find(key) is null) _unknown.Add(Join(path, key));
        }
        var result = new JsonObject();
        foreach (var field in type.Fields)
        {
            source.TryGetPropertyValue(field.Name, out var value);
            if (Convert(value, field, type, Join(path, field.Name), out var converted)) result[field.Name] = converted;
        }
        return result;
    }

    // False when the field is not to be written at all.
    private bool Convert(JsonNode? value, Field field, FieldType owner, string path, out JsonNode? converted)
    {
        converted = value is null ? null : Value(value, field.Type, owner, path);
        if (field.Pointer) return converted is not null || !field.OmitEmpty;
        switch (field.Type.Shape)
        {
            case Shape.Struct:
                converted ??= Struct([], field.Type, path);
                return !field.OmitZero || ((JsonObject)converted).Count > 0;
            case Shape.List or Shape.Map:
                var empty = converted is null or JsonArray { Count: 0 } or JsonObject { Count: 0 };
                return !(field.OmitEmpty && empty);
            case Shape.Any:
                return converted is not null || !field.OmitEmpty;
            default:
                return Scalar(field, ref converted);
        }
    }

    private static bool Scalar(Field field, ref JsonNode? converted)
    {
        switch (field.Type.Scalar)
        {
            case "t" or "u":
                return converted is not null || !field.OmitZero;
            case "q":
                converted ??= "0";
                return true;
            case "y":
                return converted is not null && !(field.OmitEmpty && converted.Text() == "") || !field.OmitEmpty;
            case "I":
                converted ??= 0;
                return true;
            case "s" or "d":
                converted ??= field.Type.Scalar == "s" ? "" : "0s";
                return !(field.OmitEmpty && converted.Text() == "");
            case "b":
                converted ??= false;
                return !(field.OmitEmpty && converted.Flag() == false);
            default:
                converted ??= 0;
                return !(field.OmitEmpty && converted.Number() == 0);
        }
    }

    private JsonNode? Value(JsonNode value, FieldType type, FieldType owner, string path)
    {
        var kind = value.GetValueKind();
        switch (type.Shape)
        {
            case Shape.Any:
                return JsonText.Sorted(value);
            case Shape.Struct:
                if (value is not JsonObject o) throw Mismatch(kind, type, owner, path);
                return Struct(o, type, path);
            case Shape.Map:
                if (value is not JsonObject map) throw Mismatch(kind, type, owner, path);
                var entries = map.OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => KeyValuePair.Create(p.Key, Item(p.Value, type.Element!, owner, type.Element!.Shape == Shape.Scalar ? path : Join(path, p.Key))));
                return new JsonObject(entries);
            case Shape.List:
                if (value is not JsonArray list) throw Mismatch(kind, type, owner, path);
                return new JsonArray([.. list.Select((item, i) => Item(item, type.Element!, owner, $"{path}[{i}]"))]);
            default:
                return ScalarCodec.Decode(value, type, owner, path);
        }
    }

    private JsonNode? Item(JsonNode? value, FieldType type, FieldType owner, string path)
    {
        if (value is not null) return Value(value, type, owner, path);
        return type.Shape switch
        {
            Shape.Struct => Struct([], type, path),
            Shape.Scalar when type.Scalar == "s" => "",
            Shape.Scalar when type.Scalar == "q" => "0",
            _ => null,
        };
    }

    internal static DecodeException Mismatch(JsonValueKind kind, FieldType type, FieldType owner, string path)
    {
        var found = kind switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            _ => "bool",
        };
        return Mismatch(found, type, owner, path);
    }

    internal static DecodeException Mismatch(string found, FieldType type, FieldType owner, string path)
    {
        var trimmed = System.Text.RegularExpressions.Regex.Replace(path, @"\[\d+\]", "");
        return new DecodeException($"json: cannot unmarshal {found} into Go struct field {Short(owner.Name)}.{trimmed} of type {GoName(type)}");
    }

    private static string GoName(FieldType type) => type.Shape switch
    {
        Shape.Struct => type.Name.Replace("core/", "", StringComparison.Ordinal).Split('/')[^1],
        Shape.List => "[]" + GoName(type.Element!),
        Shape.Map => "map[string]" + GoName(type.Element!),
        _ => type.Scalar switch { "s" => "string", "b" => "bool", "i32" => "int32", "i64" => "int64", "n" => "float64", "y" => "[]uint8", _ => "int" },
    };

    private static string Short(string name) => name[(name.LastIndexOf('.') + 1)..];

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
