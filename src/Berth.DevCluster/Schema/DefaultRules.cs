using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>A default must be a value that the schema allows and has no unknown fields.</summary>
internal static class DefaultRules
{
    public static List<FieldError> Check(StructuralSchema schema, FieldPath path)
    {
        var errors = new List<FieldError>();
        Visit(schema, path, isRoot: true, errors);
        return errors;
    }

    private static void Visit(StructuralSchema schema, FieldPath path, bool isRoot, List<FieldError> errors)
    {
        if (schema.Default is { } value)
            CheckValue(schema, value, path.Child("default"), isRoot, errors);
        // Below additionalProperties defaults are legal but never followed.
        if (schema.Items is { } items)
            Visit(items, path.Child("items"), isRoot: false, errors);
        foreach (var (name, property) in schema.Properties)
            Visit(property, path.Child("properties").Key(name), isRoot: false, errors);
    }

    private static void CheckValue(StructuralSchema schema, JsonNode value, FieldPath path, bool isRoot, List<FieldError> errors)
    {
        var pruned = value.DeepClone();
        if (Pruner.Prune(pruned, schema, schema.EmbeddedResource).Count > 0)
            errors.Add(FieldError.Invalid(path, value, "must not have unknown fields"));
        var before = errors.Count;
        errors.AddRange(ValueValidator.Validate(schema, value, path, null));
        if (errors.Count > before || RuleValidator.For(schema, isRoot || schema.EmbeddedResource) is not { } rules)
            return;
        errors.AddRange(rules.ValidateDefault(value, path));
    }
}
