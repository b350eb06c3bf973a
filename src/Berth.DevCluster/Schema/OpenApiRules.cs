using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>What a CustomResourceDefinition's schema may contain besides being structural: keywords, defaults, list and map types.</summary>
internal sealed class OpenApiRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    private static readonly string[] Unsupported = ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

    private readonly List<FieldError> errors = [];
    private readonly List<FieldError> ruleErrors = [];
    private readonly CelRuleCheck? cel;

    private OpenApiRules(CelRuleCheck? cel) => this.cel = cel;

    /// <summary>Checks a schema; CEL rules are compiled only where nothing else is wrong, and not at all without a check for them.</summary>
    public static List<FieldError> Check(StructuralSchema schema, FieldPath path, CelRuleCheck? cel)
    {
        var rules = new OpenApiRules(cel);
        rules.Node(schema, path, new Place { IsRoot = true }, cel is null ? null : CelRuleCheck.Root(schema));
        return [.. rules.errors, .. rules.ruleErrors];
    }

    private sealed record Place
    {
        public bool IsRoot { get; init; }

        public bool InMetadata { get; init; }

        /// <summary>Why no default may be set here.</summary>
        public string? NoDefaults { get; init; }

        /// <summary>The place whose children have no known old values.</summary>
        public FieldPath? NoOldSelf { get; init; }
    }

    private void Node(StructuralSchema schema, FieldPath path, Place place, CelScope? scope)
    {
        var before = errors.Count;
        Keywords(schema, path, place);
        var below = place with { IsRoot = false };
        if (schema.HasAdditionalProperties && schema.Properties.Count > 0 && (schema.AdditionalProperties is not null || schema.AdditionalPropertiesAllowed == false))
            errors.Add(FieldError.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive"));
        if (schema.AdditionalProperties is { } additional)
        {
            var noDefaults = place.InMetadata ? "inside additionalProperties applying to object metadata" : place.NoDefaults;
            Node(additional, path.Child("additionalProperties"), below with { NoDefaults = noDefaults }, scope?.Child(additional));
        }
        Properties(schema, path, place, below, scope);
        Operands(schema, path, below);
        if (schema.Items is { } items)
        {
            var noOldSelf = schema.ListType == "map" ? below.NoOldSelf : below.NoOldSelf ?? path;
            Node(items, path.Child("items"), below with { NoOldSelf = noOldSelf }, scope?.Child(items));
        }
        MergeTypes(schema, path);
        Rules(schema, path);
        if (errors.Count == before && schema.Rules.Count > 0 && scope is not null)
            ruleErrors.AddRange(cel!.Check(schema, path, place.NoOldSelf, scope));
    }

    private void Keywords(StructuralSchema schema, FieldPath path, Place place)
    {
        if (schema.Type.Length > 0 && !Types.Contains(schema.Type))
            errors.Add(FieldError.NotSupported(path.Child("type"), schema.Type, Types));
        if (schema.Default is not null && place.NoDefaults is { } reason)
            errors.Add(FieldError.Forbidden(path.Child("default"), "must not be set " + reason));
        foreach (var keyword in Unsupported)
        {
            if (IsSet(schema.Source[keyword]))
                errors.Add(FieldError.Forbidden(path.Child(keyword), keyword + " is not supported"));
        }
        if (schema.Type == "null")
            errors.Add(FieldError.Forbidden(path.Child("type"), "type cannot be set to null, use nullable as an alternative"));
        if (schema.Source["items"] is JsonArray { Count: > 0 })
            errors.Add(FieldError.Forbidden(path.Child("items"), "items must be a schema object and not an array"));
        if (place.InMetadata && schema.EmbeddedResource)
            errors.Add(FieldError.Forbidden(path.Child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta"));
        if (schema.UniqueItems)
            errors.Add(FieldError.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        if (Datum.Of(schema.Source["x-kubernetes-preserve-unknown-fields"]) is { Kind: DatumKind.Bool, Bool: false })
            errors.Add(FieldError.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"));
    }

    private static bool IsSet(JsonNode? keyword) => keyword switch
    {
        null => false,
        JsonObject fields => fields.Count > 0,
        JsonValue value when value.TryGetValue<string>(out var text) => text.Length > 0,
        _ => true,
    };

    private void Properties(StructuralSchema schema, FieldPath path, Place place, Place below, CelScope? scope)
    {
        foreach (var (name, property) in schema.Properties)
        {
            var its = below;
            if (schema.MapType is not (null or "granular" or "atomic"))
                its = its with { NoOldSelf = its.NoOldSelf ?? path };
            if ((place.IsRoot || schema.EmbeddedResource) && name is "metadata" or "kind" or "apiVersion")
                its = its with { InMetadata = true, NoDefaults = place.IsRoot ? $"in top-level {name}" : its.NoDefaults };
            Node(property, path.Child("properties").Key(name), its, scope?.Child(property));
        }
    }

    private void Operands(StructuralSchema schema, FieldPath path, Place place)
    {
        if (schema.Not is { } not)
            Node(not, path.Child("not"), place, null);
        Each(schema.AllOf, path.Child("allOf"));
        Each(schema.OneOf, path.Child("oneOf"));
        Each(schema.AnyOf, path.Child("anyOf"));

        void Each(IReadOnlyList<StructuralSchema> operands, FieldPath at)
        {
            for (var i = 0; i < operands.Count; i++)
                Node(operands[i], at.Index(i), place, null);
        }
    }

    private void MergeTypes(StructuralSchema schema, FieldPath path)
    {
        if (schema.MapType is { } mapType)
        {
            TypeMustBe("object", "must be object if x-kubernetes-map-type is specified", schema, path);
            if (mapType is not ("atomic" or "granular"))
                errors.Add(FieldError.NotSupported(path.Child("x-kubernetes-map-type"), mapType, ["atomic", "granular"]));
        }
        if (schema.ListType is { } listType)
        {
            TypeMustBe("array", "must be array if x-kubernetes-list-type is specified", schema, path);
            if (schema.Type == "array" && listType == "set" && schema.Items is { } items)
                SetItems(items, path.Child("items"));
            if (listType is not ("atomic" or "set" or "map"))
                errors.Add(FieldError.NotSupported(path.Child("x-kubernetes-list-type"), listType, ["atomic", "set", "map"]));
        }
        if (schema.ListMapKeys.Count > 0 && schema.ListType != "map")
        {
            const string Must = "must be map if x-kubernetes-list-map-keys is non-empty";
            var at = path.Child("x-kubernetes-list-type");
            errors.Add(schema.ListType is null ? FieldError.Required(at, Must) : FieldError.Invalid(at, schema.ListType, Must));
        }
        if (schema.ListType == "map")
            MapList(schema, path);
        if (schema.ListType is "set" or "map" && schema.Items is { Nullable: true })
            errors.Add(FieldError.Forbidden(path.Child("items").Child("nullable"), "cannot be nullable when x-kubernetes-list-type is " + schema.ListType));
    }

    private void TypeMustBe(string type, string must, StructuralSchema schema, FieldPath path)
    {
        if (schema.Type != type)
            errors.Add(schema.Type.Length == 0 ? FieldError.Required(path.Child("type"), must) : FieldError.Invalid(path.Child("type"), schema.Type, must));
    }

    private void SetItems(StructuralSchema items, FieldPath path)
    {
        const string Must = "must be atomic as item of a list with x-kubernetes-list-type=set";
        if (items.Type == "array" && items.ListType is not (null or "atomic"))
            errors.Add(FieldError.Invalid(path.Child("x-kubernetes-list-type"), items.ListType, Must));
        if (items.Type == "object" && items.MapType != "atomic")
            errors.Add(FieldError.Invalid(path.Child("x-kubernetes-map-type"), items.ListType, Must));
    }

    private void MapList(StructuralSchema schema, FieldPath path)
    {
        var keysAt = path.Child("x-kubernetes-list-map-keys");
        if (schema.ListMapKeys.Count == 0)
            errors.Add(FieldError.Required(keysAt, "must not be empty if x-kubernetes-list-type is map"));
        if (schema.Items is not { } items)
        {
            errors.Add(FieldError.Required(path.Child("items"), "must have a schema if x-kubernetes-list-type is map"));
            return;
        }
        if (items.Type != "object")
        {
            errors.Add(FieldError.Invalid(path.Child("items").Child("type"), items.Type, "must be object if parent array's x-kubernetes-list-type is map"));
            return;
        }
        var keys = new JsonArray([.. schema.ListMapKeys.Select(k => (JsonNode)k)]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in schema.ListMapKeys)
        {
            if (!items.Properties.TryGetValue(key, out var property))
                errors.Add(FieldError.Invalid(keysAt, keys, "entries must all be names of item properties"));
            else
                MapKey(key, property, items, path.Child("items").Child("properties").Key(key));
            if (!seen.Add(key))
                errors.Add(FieldError.Invalid(keysAt, keys, "must not contain duplicate entries"));
        }
    }

    private void MapKey(string key, StructuralSchema property, StructuralSchema items, FieldPath path)
    {
        if (property.Type is "array" or "object")
            errors.Add(FieldError.Invalid(path.Child("type"), items.Type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
        if (!items.Required.Contains(key) && property.Default is null)
            errors.Add(FieldError.Required(path.Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
        if (property.Nullable)
            errors.Add(FieldError.Forbidden(path.Child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
    }

    private void Rules(StructuralSchema schema, FieldPath path)
    {
        for (var i = 0; i < schema.Rules.Count; i++)
            errors.AddRange(RuleShape.Check(schema.Rules[i], schema, path.Child("x-kubernetes-validations").Index(i)));
    }
}
