using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Api.Schema;

/// <summary>Turns the records of this assembly into structural OpenAPI v3 schemas.</summary>
[RequiresUnreferencedCode("Reads attributes and properties by reflection; used when generating files, never at run time.")]
internal sealed class SchemaBuilder(XmlDescriptions descriptions)
{
    private const string Key = "x-kubernetes-";

    /// <summary>The schema of a record: its properties in alphabetical order, and its rules.</summary>
    public JsonObject Object(Type type)
    {
        var fields = Fields(type).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        var schema = new JsonObject { ["type"] = "object" };
        var required = fields.Where(f => Has<RequiredFieldAttribute>(f.Property)).Select(f => (JsonNode)f.Name).ToArray();
        if (required.Length > 0) schema["required"] = new JsonArray(required);
        var properties = new JsonObject();
        foreach (var (name, property) in fields) properties[name] = Property(property);
        schema["properties"] = properties;
        var rules = type.GetCustomAttributes<RuleAttribute>().Select(Rule).Concat(fields.Where(f => Has<ImmutableAttribute>(f.Property)).Select(f => ImmutableRule(f.Name, f.Property))).ToArray();
        if (rules.Length > 0) schema[Key + "validations"] = new JsonArray(rules);
        return schema;
    }

    /// <summary>JSON names and properties in order of declaration.</summary>
    public static IEnumerable<(string Name, PropertyInfo Property)> Fields(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(p => p.GetMethod is not null && p.SetMethod is not null)
        .OrderBy(p => p.MetadataToken)
        .Select(p => (JsonNamingPolicy.CamelCase.ConvertName(p.Name), p));

    private JsonObject Property(PropertyInfo property)
    {
        var schema = new JsonObject { ["description"] = Description(property) };
        if (property.GetCustomAttribute<DefaultAttribute>() is { } given) schema["default"] = JsonNode.Parse(given.Json);
        foreach (var (key, value) in Typed(property)) schema[key] = value?.DeepClone();
        return schema;
    }

    private JsonObject Typed(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var bounds = property.GetCustomAttribute<BoundsAttribute>() ?? new BoundsAttribute();
        if (Has<PreserveUnknownFieldsAttribute>(property)) return new() { ["type"] = "object", [Key + "preserve-unknown-fields"] = true };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return List(property, type.GetGenericArguments()[0], bounds);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)) return Map(property, bounds);
        return Value(type, property, bounds);
    }

    private JsonObject List(PropertyInfo property, Type item, BoundsAttribute bounds)
    {
        var schema = new JsonObject { ["type"] = "array" };
        Limit(schema, "minItems", bounds.MinItems);
        Limit(schema, "maxItems", bounds.MaxItems);
        var key = property.GetCustomAttribute<ListMapAttribute>()?.Key;
        schema[Key + "list-type"] = key is not null ? "map" : Has<ListSetAttribute>(property) ? "set" : "atomic";
        if (key is not null) schema[Key + "list-map-keys"] = new JsonArray(key);
        schema["items"] = Value(item, property, bounds);
        return schema;
    }

    private JsonObject Map(PropertyInfo property, BoundsAttribute bounds)
    {
        var schema = new JsonObject { ["type"] = "object" };
        Limit(schema, "maxProperties", bounds.MaxProperties);
        schema["additionalProperties"] = Value(typeof(string), property, bounds);
        return schema;
    }

    private JsonObject Value(Type type, PropertyInfo property, BoundsAttribute bounds)
    {
        if (type.IsEnum) return new() { ["type"] = "string", ["enum"] = new JsonArray(Enum.GetNames(type).Select(n => (JsonNode)n).ToArray()) };
        if (type == typeof(string)) return Text(property, bounds);
        if (type == typeof(bool)) return new() { ["type"] = "boolean" };
        if (type == typeof(int)) return Number("int32", bounds);
        if (type == typeof(long)) return Number("int64", bounds);
        if (type == typeof(DateTimeOffset)) return new() { ["type"] = "string", ["format"] = "date-time" };
        if (type is { IsClass: true } && type.Assembly == typeof(SchemaBuilder).Assembly) return Object(type);
        throw new NotSupportedException($"{property.DeclaringType}.{property.Name}: a field of type {type} has no schema.");
    }

    private static JsonObject Text(PropertyInfo property, BoundsAttribute bounds)
    {
        var duration = Has<DurationAttribute>(property);
        var schema = new JsonObject { ["type"] = "string" };
        Limit(schema, "minLength", bounds.MinLength);
        Limit(schema, "maxLength", duration ? Durations.MaxLength : bounds.MaxLength);
        var pattern = duration ? Durations.Pattern : property.GetCustomAttribute<PatternAttribute>()?.Expression;
        if (pattern is not null) schema["pattern"] = pattern;
        return schema;
    }

    private static JsonObject Number(string format, BoundsAttribute bounds)
    {
        var schema = new JsonObject { ["type"] = "integer", ["format"] = format };
        if (bounds.Minimum != long.MinValue) schema["minimum"] = bounds.Minimum;
        if (bounds.Maximum != long.MaxValue) schema["maximum"] = bounds.Maximum;
        return schema;
    }

    private string Description(PropertyInfo property)
    {
        var text = descriptions.Of(property);
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (property.GetCustomAttribute<DefaultAttribute>() is { Json: not "{}" } given) text += $" Default: {given.Json.Trim('"')}.";
        if (type.IsEnum) text += string.Concat(Enum.GetNames(type).Select(n => $"\n- {n}: {descriptions.OfMember(type, n)}"));
        return text;
    }

    private static JsonNode Rule(RuleAttribute rule) => new JsonObject { ["rule"] = rule.Expression, ["message"] = rule.Message };

    // At the root of the object, because a rule on the property itself does not see it appear or vanish.
    private static JsonNode ImmutableRule(string name, PropertyInfo property)
    {
        var same = $"self.{name} == oldSelf.{name}";
        var always = Has<RequiredFieldAttribute>(property) || Has<DefaultAttribute>(property);
        return new JsonObject
        {
            ["rule"] = always ? $"has(self.{name}) && has(oldSelf.{name}) && {same}" : $"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || {same})",
            ["message"] = $"{name} is fixed at creation; create another object instead",
            ["fieldPath"] = "." + name,
        };
    }

    private static bool Has<T>(PropertyInfo property) where T : Attribute => property.IsDefined(typeof(T));

    private static void Limit(JsonObject schema, string key, int value)
    {
        if (value >= 0) schema[key] = value;
    }
}
