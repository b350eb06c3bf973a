using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>
/// All rules that objects of one version of a custom resource are held to, in the order a kube-apiserver applies them: type, metadata,
/// schema, scale, embedded objects, list types, CEL. The metadata's errors come from the API server, which owns those rules.
/// </summary>
internal sealed class CustomResourceRules(string group, string version, string kind, StructuralSchema schema)
{
    private readonly RuleValidator? rules = RuleValidator.For(schema, resourceRoot: true);

    /// <summary>The paths of the scale subresource, where there is one.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>Checks the metadata of embedded objects.</summary>
    public EmbeddedResources.MetadataCheck? EmbeddedMetadata { get; init; }

    /// <summary>The errors of a new object.</summary>
    public IReadOnlyList<FieldError> Validate(JsonObject obj, IReadOnlyList<FieldError> metadataErrors)
    {
        var errors = TypeErrors(obj);
        if (errors.Count == 0)
        {
            errors.AddRange(metadataErrors);
            errors.AddRange(ValueValidator.Validate(schema, obj, null, null));
            errors.AddRange(Scale?.ValidateSpec(obj) ?? []);
            errors.AddRange(Scale?.ValidateStatus(obj) ?? []);
        }
        errors.AddRange(EmbeddedResources.Validate(obj, schema, EmbeddedMetadata));
        errors.AddRange(ListTypes.Validate(obj, schema));
        return WithRules(errors, obj, null);
    }

    /// <summary>The errors of an object that replaces another; unchanged values are tolerated.</summary>
    public IReadOnlyList<FieldError> ValidateUpdate(JsonObject obj, JsonObject old, IReadOnlyList<FieldError> metadataErrors)
    {
        var correlation = new Correlation(obj, old, schema);
        var errors = TypeErrors(obj);
        if (errors.Count == 0)
        {
            errors.AddRange(metadataErrors);
            errors.AddRange(ValueValidator.Validate(schema, obj, null, correlation));
            errors.AddRange(Scale?.ValidateSpec(obj) ?? []);
            errors.AddRange(Scale?.ValidateStatus(obj) ?? []);
        }
        errors.AddRange(EmbeddedResources.Validate(obj, schema, EmbeddedMetadata));
        if (ListTypes.Validate(old, schema).Count == 0)
            errors.AddRange(ListTypes.Validate(obj, schema));
        return WithRules(errors, obj, correlation);
    }

    /// <summary>The errors of an object written through the status subresource.</summary>
    public IReadOnlyList<FieldError> ValidateStatusUpdate(JsonObject obj, JsonObject old, IReadOnlyList<FieldError> metadataErrors)
    {
        var correlation = new Correlation(obj, old, schema);
        var errors = TypeErrors(obj);
        if (errors.Count == 0)
        {
            errors.AddRange(metadataErrors);
            if (obj.TryGetPropertyValue("status", out var status) && schema.Properties.TryGetValue("status", out var statusSchema))
                errors.AddRange(ValueValidator.Validate(statusSchema, status, FieldPath.Of("status"), correlation.Key("status")));
            errors.AddRange(Scale?.ValidateStatus(obj) ?? []);
        }
        if (ListTypes.Validate(old, schema).Count == 0)
            errors.AddRange(ListTypes.Validate(obj, schema));
        return WithRules(errors, obj, correlation);
    }

    private List<FieldError> TypeErrors(JsonObject obj)
    {
        var errors = new List<FieldError>();
        var apiVersion = group.Length == 0 ? version : $"{group}/{version}";
        if (Datum.Of(obj["kind"]).Text is var actualKind && actualKind != kind)
            errors.Add(FieldError.Invalid(FieldPath.Of("kind"), actualKind, $"must be {kind}"));
        if (Datum.Of(obj["apiVersion"]).Text is var actual && actual != apiVersion)
            errors.Add(FieldError.Invalid(FieldPath.Of("apiVersion"), actual, $"must be {apiVersion}"));
        return errors;
    }

    /// <summary>CEL runs only on objects whose shape is right.</summary>
    private List<FieldError> WithRules(List<FieldError> errors, JsonObject obj, Correlation? correlation)
    {
        if (rules is null)
            return errors;
        if (errors.Exists(e => e.Reason is FieldErrorReason.NotSupported or FieldErrorReason.Required or FieldErrorReason.TooLong
            or FieldErrorReason.TooMany or FieldErrorReason.TypeInvalid))
        {
            errors.Add(FieldError.Invalid(null, null, "some validation rules were not checked because the object was invalid; "
                + "correct the existing errors to complete validation"));
        }
        else
        {
            errors.AddRange(rules.Validate(obj, correlation));
        }
        return errors;
    }
}
