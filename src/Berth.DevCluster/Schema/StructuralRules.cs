namespace Berth.DevCluster.Schema;

/// <summary>What makes a schema structural: a type everywhere, and logical operands that only restrict values.</summary>
internal sealed class StructuralRules
{
    private readonly List<FieldError> errors = [];

    private enum Level
    {
        Root,
        Item,
        Field,
    }

    public static List<FieldError> Check(StructuralSchema schema, FieldPath path)
    {
        var rules = new StructuralRules();
        rules.Node(schema, Level.Root, path);
        rules.Complete(schema, schema, path, path);
        rules.errors.Sort((a, b) => string.CompareOrdinal(a.Message, b.Message));
        return rules.errors;
    }

    private void Node(StructuralSchema schema, Level level, FieldPath path)
    {
        if (schema.Type == "array" && schema.Items is null)
            errors.Add(FieldError.Required(path.Child("items"), "must be specified"));
        if (schema.Items is { } items)
            Node(items, Level.Item, path.Child("items"));
        foreach (var (name, property) in schema.Properties)
            Node(property, Level.Field, path.Child("properties").Key(name));
        if (schema.HasAdditionalProperties && level == Level.Root)
            errors.Add(FieldError.Forbidden(path.Child("additionalProperties"), "must not be used at the root"));
        if (schema.AdditionalProperties is { } additional)
            Node(additional, Level.Field, path.Child("additionalProperties"));
        Extensions(schema, path);
        Operands(schema, path, IsIntOrString(schema.AnyOf), schema.AllOf.Count > 0 && IsIntOrString(schema.AllOf[0].AnyOf));
        Type(schema, level, path);
        TypeAndMetadata(schema, level, path);
    }

    private void Extensions(StructuralSchema schema, FieldPath path)
    {
        if (schema.IntOrString && schema.PreserveUnknownFields)
            errors.Add(FieldError.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), true, "must be false if x-kubernetes-int-or-string is true"));
        if (schema.IntOrString && schema.EmbeddedResource)
            errors.Add(FieldError.Invalid(path.Child("x-kubernetes-embedded-resource"), true, "must be false if x-kubernetes-int-or-string is true"));
        if (schema.EmbeddedResource && schema.HasAdditionalProperties)
            errors.Add(FieldError.Forbidden(path.Child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set"));
        if (schema.EmbeddedResource && !schema.PreserveUnknownFields && schema.Properties.Count == 0)
            errors.Add(FieldError.Required(path.Child("properties"),
                "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
    }

    private void Type(StructuralSchema schema, Level level, FieldPath path)
    {
        var at = path.Child("type");
        if (schema.EmbeddedResource && schema.Type != "object")
        {
            const string Must = "must be object if x-kubernetes-embedded-resource is true";
            errors.Add(schema.Type.Length == 0 ? FieldError.Required(at, Must) : FieldError.Invalid(at, schema.Type, Must));
        }
        else if (schema.Type.Length == 0 && !schema.IntOrString && !schema.PreserveUnknownFields)
        {
            errors.Add(FieldError.Required(at, level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            }));
        }
        if (level == Level.Root && schema.Type.Length > 0 && schema.Type != "object")
            errors.Add(FieldError.Invalid(at, schema.Type, "must be object at the root"));
    }

    private void TypeAndMetadata(StructuralSchema schema, Level level, FieldPath path)
    {
        if (level != Level.Root && !schema.EmbeddedResource)
            return;
        foreach (var name in (ReadOnlySpan<string>)["kind", "apiVersion"])
        {
            if (schema.Properties.TryGetValue(name, out var text) && text.Type != "string")
                errors.Add(FieldError.Invalid(path.Child("properties").Key(name).Child("type"), text.Type, "must be string"));
        }
        if (!schema.Properties.TryGetValue("metadata", out var metadata))
            return;
        var at = path.Child("properties").Key("metadata");
        if (metadata.Type != "object")
            errors.Add(FieldError.Invalid(at.Child("type"), metadata.Type, "must be object"));
        if (level == Level.Root && !OnlyNames(metadata))
            errors.Add(FieldError.Forbidden(at, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
    }

    private static bool OnlyNames(StructuralSchema metadata) =>
        metadata.Properties.Keys.All(p => p is "name" or "generateName")
        && metadata.Source.All(keyword => keyword.Key is "type" or "properties" or "default");

    private static bool IsIntOrString(IReadOnlyList<StructuralSchema> anyOf) =>
        anyOf.Count == 2 && IsOnlyType(anyOf[0], "integer") && IsOnlyType(anyOf[1], "string");

    private static bool IsOnlyType(StructuralSchema schema, string type) => schema.Type == type && schema.Source.Count == 1;

    private void Operands(StructuralSchema schema, FieldPath path, bool skipAnyOf, bool skipFirstAllOf)
    {
        if (!skipAnyOf)
            EachOperand(schema.AnyOf, path.Child("anyOf"), _ => false);
        EachOperand(schema.AllOf, path.Child("allOf"), i => skipFirstAllOf && i == 0);
        EachOperand(schema.OneOf, path.Child("oneOf"), _ => false);
        if (schema.Not is { } not)
            Operand(not, path.Child("not"), false);
        if (schema.Pattern.Length > 0 && !GoRegex.TryCompile(schema.Pattern, out _, out var wrong))
            errors.Add(FieldError.Invalid(path.Child("pattern"), schema.Pattern, $"must be a valid regular expression, but isn't: {wrong}"));
    }

    private void EachOperand(IReadOnlyList<StructuralSchema> operands, FieldPath path, Func<int, bool> skipAnyOf)
    {
        for (var i = 0; i < operands.Count; i++)
            Operand(operands[i], path.Index(i), skipAnyOf(i));
    }

    private void Operand(StructuralSchema schema, FieldPath path, bool skipAnyOf)
    {
        Operands(schema, path, skipAnyOf, skipFirstAllOf: false);
        if (schema.Items is { } items)
            Operand(items, path.Child("items"), false);
        foreach (var (name, property) in schema.Properties)
            Operand(property, path.Child("properties").Key(name), false);
        Forbid(schema.Type.Length > 0, path.Child("type"), "must be empty to be structural");
        Forbid(schema.AdditionalProperties is not null || schema.AdditionalPropertiesAllowed == true, path.Child("additionalProperties"), "must be undefined to be structural");
        Forbid(schema.Default is not null, path.Child("default"), "must be undefined to be structural");
        Forbid(HasText(schema, "title"), path.Child("title"), "must be empty to be structural");
        Forbid(HasText(schema, "description"), path.Child("description"), "must be empty to be structural");
        Forbid(schema.Nullable, path.Child("nullable"), "must be false to be structural");
        Forbid(schema.PreserveUnknownFields, path.Child("x-kubernetes-preserve-unknown-fields"), "must be false to be structural");
        Forbid(schema.EmbeddedResource, path.Child("x-kubernetes-embedded-resource"), "must be false to be structural");
        Forbid(schema.IntOrString, path.Child("x-kubernetes-int-or-string"), "must be false to be structural");
        Forbid(schema.ListMapKeys.Count > 0, path.Child("x-kubernetes-list-map-keys"), "must be empty to be structural");
        Forbid(schema.ListType is not null, path.Child("x-kubernetes-list-type"), "must be undefined to be structural");
        Forbid(schema.MapType is not null, path.Child("x-kubernetes-map-type"), "must be undefined to be structural");
        Forbid(schema.Rules.Count > 0, path.Child("x-kubernetes-validations"), "must be empty to be structural");
        Forbid(schema.Properties.ContainsKey("metadata"), path.Child("properties").Key("metadata"), "must not be specified in a nested context");
    }

    private void Forbid(bool wrong, FieldPath path, string detail)
    {
        if (wrong)
            errors.Add(FieldError.Forbidden(path, detail));
    }

    private static bool HasText(StructuralSchema schema, string keyword) => Datum.Of(schema.Source[keyword]).Text.Length > 0;

    /// <summary>Every field that an operand restricts must be specified outside of the operands.</summary>
    private void Complete(StructuralSchema operand, StructuralSchema schema, FieldPath schemaPath, FieldPath path)
    {
        if (operand.Not is { } not)
            CompleteOperand(not, schema, schemaPath, path.Child("not"));
        CompleteEach(operand.AllOf, schema, schemaPath, path.Child("allOf"));
        CompleteEach(operand.AnyOf, schema, schemaPath, path.Child("anyOf"));
        CompleteEach(operand.OneOf, schema, schemaPath, path.Child("oneOf"));
    }

    private void CompleteEach(IReadOnlyList<StructuralSchema> operands, StructuralSchema schema, FieldPath schemaPath, FieldPath path)
    {
        for (var i = 0; i < operands.Count; i++)
            CompleteOperand(operands[i], schema, schemaPath, path.Index(i));
    }

    private void CompleteOperand(StructuralSchema operand, StructuralSchema? schema, FieldPath schemaPath, FieldPath path)
    {
        if (schema is null)
        {
            errors.Add(FieldError.Required(schemaPath, $"because it is defined in {path}"));
            return;
        }
        Complete(operand, schema, schemaPath, path);
        if (operand.Items is { } items)
            CompleteOperand(items, schema.Items, schemaPath.Child("items"), path.Child("items"));
        foreach (var (name, property) in operand.Properties)
            CompleteOperand(property, schema.Properties.GetValueOrDefault(name), schemaPath.Child("properties").Key(name), path.Child("properties").Key(name));
    }
}
