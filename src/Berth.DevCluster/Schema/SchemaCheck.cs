using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Checks the schema of a CustomResourceDefinition's version as a kube-apiserver does when the definition is written.</summary>
internal static class SchemaCheck
{
    /// <summary>The keywords that the root may have while a status subresource is enabled, with the names errors use for them.</summary>
    private static readonly string[] RootKeywords =
    [
        "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength", "MinLength",
        "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example",
        "XPreserveUnknownFields", "XValidations",
    ];

    private static readonly HashSet<string> RootKeywordsAsWritten =
    [
        "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
        "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs", "example",
        "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations", "nullable",
    ];

    /// <param name="schema">The JSON under <c>openAPIV3Schema</c>.</param>
    /// <param name="path">The path of <c>openAPIV3Schema</c>, such as <c>spec.versions[0].schema.openAPIV3Schema</c>.</param>
    /// <param name="hasStatus">Whether the version has the status subresource.</param>
    public static IReadOnlyList<FieldError> Check(JsonNode schema, FieldPath path, bool hasStatus)
    {
        StructuralSchema parsed;
        try
        {
            parsed = StructuralSchema.Parse(schema);
        }
        catch (SchemaFormatException wrong)
        {
            return [FieldError.Invalid(path, "", wrong.Message)];
        }
        return Check(parsed, path, hasStatus);
    }

    /// <inheritdoc cref="Check(JsonNode, FieldPath, bool)"/>
    public static IReadOnlyList<FieldError> Check(StructuralSchema schema, FieldPath path, bool hasStatus)
    {
        var errors = new List<FieldError>();
        if (hasStatus)
            CheckRoot(schema, path, errors);
        if (schema.Nullable)
            errors.Add(FieldError.Forbidden(path.Child("nullable"), "nullable cannot be true at the root"));
        var structural = StructuralRules.Check(schema, path);
        if (structural.Count == 0)
            structural = DefaultRules.Check(schema, path);
        errors.AddRange(structural);
        var cel = structural.Count == 0 ? new CelRuleCheck() : null;
        errors.AddRange(OpenApiRules.Check(schema, path, cel));
        errors.AddRange(cel?.TotalErrors(path) ?? []);
        return errors;
    }

    private static void CheckRoot(StructuralSchema schema, FieldPath path, List<FieldError> errors)
    {
        if (schema.Type.Length > 0 && schema.Type != "object")
        {
            errors.Add(FieldError.Invalid(path.Child("type"), schema.Type,
                "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"));
            return;
        }
        if (schema.Source.Any(k => k.Value is not null && !RootKeywordsAsWritten.Contains(k.Key)))
            errors.Add(FieldError.Invalid(path, schema.Source,
                $"only [{string.Join(' ', RootKeywords)}] fields are allowed at the root of the schema if the status subresource is enabled"));
    }
}
