using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Reads a <see cref="StructuralSchema"/> from JSON.</summary>
internal static class SchemaReader
{
    public static StructuralSchema Read(JsonNode? node, string place)
    {
        if (node is not JsonObject source)
            throw new SchemaFormatException($"{place} must be an object that holds a schema");
        var read = new Keywords(source, place);
        var type = read.Text("type");
        var format = read.Text("format");
        var intOrString = read.Flag("x-kubernetes-int-or-string");
        var items = source["items"] is JsonObject one ? Read(one, place + ".items") : null;
        var properties = ReadProperties(source["properties"], place + ".properties");
        var additional = source["additionalProperties"] is JsonObject more ? Read(more, place + ".additionalProperties") : null;
        var rules = ReadRules(source["x-kubernetes-validations"], place + ".x-kubernetes-validations");
        var allOf = read.Schemas("allOf");
        return new StructuralSchema
        {
            Source = source,
            Type = type,
            Format = format,
            TypeNames = intOrString ? ["integer", "string"] : type.Length > 0 ? [type] : [],
            EffectiveFormat = StringFormats.Effective(intOrString ? "" : type, format),
            Nullable = read.Flag("nullable"),
            Default = Settled(source["default"]),
            Items = items,
            Properties = properties,
            AdditionalProperties = additional,
            AdditionalPropertiesAllowed = additional is not null ? true : read.OptionalFlag("additionalProperties"),
            PreserveUnknownFields = read.Flag("x-kubernetes-preserve-unknown-fields"),
            EmbeddedResource = read.Flag("x-kubernetes-embedded-resource"),
            IntOrString = intOrString,
            ListType = read.OptionalText("x-kubernetes-list-type"),
            ListMapKeys = read.Texts("x-kubernetes-list-map-keys"),
            MapType = read.OptionalText("x-kubernetes-map-type"),
            Rules = rules,
            Enum = source["enum"] is JsonArray values ? [.. values] : [],
            Maximum = read.Number("maximum"),
            ExclusiveMaximum = read.Flag("exclusiveMaximum"),
            Minimum = read.Number("minimum"),
            ExclusiveMinimum = read.Flag("exclusiveMinimum"),
            MultipleOf = read.Number("multipleOf"),
            MaxLength = read.Integer("maxLength"),
            MinLength = read.Integer("minLength"),
            Pattern = read.Text("pattern"),
            MaxItems = read.Integer("maxItems"),
            MinItems = read.Integer("minItems"),
            UniqueItems = read.Flag("uniqueItems"),
            MaxProperties = read.Integer("maxProperties"),
            MinProperties = read.Integer("minProperties"),
            Required = read.Texts("required"),
            AllOf = allOf,
            AnyOf = read.Schemas("anyOf"),
            OneOf = read.Schemas("oneOf"),
            Not = source["not"] is { } not ? Read(not, place + ".not") : null,
            HasRules = rules.Count > 0 || items is { HasRules: true } || additional is { HasRules: true }
                || properties.Values.Any(p => p.HasRules) || allOf.Any(a => a.HasRules),
        };
    }

    /// <summary>Reads a value to its leaves: what JSON nodes put off until the first read must not happen on several threads at once.</summary>
    private static JsonNode? Settled(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject fields:
                foreach (var (_, field) in fields)
                    Settled(field);
                break;
            case JsonArray items:
                foreach (var item in items)
                    Settled(item);
                break;
        }
        return value;
    }

    private static Dictionary<string, StructuralSchema> ReadProperties(JsonNode? node, string place)
    {
        var properties = new Dictionary<string, StructuralSchema>(StringComparer.Ordinal);
        if (node is null)
            return properties;
        if (node is not JsonObject fields)
            throw new SchemaFormatException($"{place} must be an object of schemas");
        foreach (var (name, schema) in fields)
            properties[name] = Read(schema, $"{place}[{name}]");
        return properties;
    }

    private static List<ValidationRule> ReadRules(JsonNode? node, string place)
    {
        var rules = new List<ValidationRule>();
        if (node is null)
            return rules;
        if (node is not JsonArray list)
            throw new SchemaFormatException($"{place} must be a list of rules");
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is not JsonObject rule)
                throw new SchemaFormatException($"{place}[{i}] must be an object");
            var read = new Keywords(rule, $"{place}[{i}]");
            rules.Add(new ValidationRule(read.Text("rule"))
            {
                Message = read.Text("message"),
                MessageExpression = read.Text("messageExpression"),
                Reason = read.OptionalText("reason"),
                FieldPath = read.Text("fieldPath"),
                OptionalOldSelf = read.OptionalFlag("optionalOldSelf"),
            });
        }
        return rules;
    }

    /// <summary>The keywords of one schema object, each read as the type it must have.</summary>
    private readonly struct Keywords(JsonObject source, string place)
    {
        public string Text(string keyword) => OptionalText(keyword) ?? "";

        public string? OptionalText(string keyword) => source[keyword] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            _ => throw Wrong(keyword, "a string"),
        };

        public bool Flag(string keyword) => OptionalFlag(keyword) ?? false;

        public bool? OptionalFlag(string keyword) => source[keyword] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
            _ => throw Wrong(keyword, "a boolean"),
        };

        public double? Number(string keyword)
        {
            if (source[keyword] is not { } node)
                return null;
            var datum = Datum.Of(node);
            return datum.IsNumber ? datum.Double : throw Wrong(keyword, "a number");
        }

        public long? Integer(string keyword)
        {
            if (source[keyword] is not { } node)
                return null;
            var datum = Datum.Of(node);
            return datum.Kind == DatumKind.Int ? datum.Long : throw Wrong(keyword, "an integer");
        }

        public IReadOnlyList<string> Texts(string keyword)
        {
            if (source[keyword] is not { } node)
                return [];
            var list = node as JsonArray ?? throw Wrong(keyword, "a list of strings");
            var texts = new string[list.Count];
            for (var i = 0; i < texts.Length; i++)
            {
                var item = Datum.Of(list[i]);
                texts[i] = item.Kind == DatumKind.String ? item.Text : throw Wrong(keyword, "a list of strings");
            }
            return texts;
        }

        public IReadOnlyList<StructuralSchema> Schemas(string keyword)
        {
            if (source[keyword] is not { } node)
                return [];
            var list = node as JsonArray ?? throw Wrong(keyword, "a list of schemas");
            var schemas = new StructuralSchema[list.Count];
            for (var i = 0; i < schemas.Length; i++)
                schemas[i] = Read(list[i], $"{place}.{keyword}[{i}]");
            return schemas;
        }

        private SchemaFormatException Wrong(string keyword, string wanted) => new($"{place}.{keyword} must be {wanted}");
    }
}
