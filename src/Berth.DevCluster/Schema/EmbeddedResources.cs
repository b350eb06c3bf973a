using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Schema;

/// <summary>Checks the apiVersion, kind and metadata of objects embedded in an object (<c>x-kubernetes-embedded-resource</c>).</summary>
internal static partial class EmbeddedResources
{
    /// <summary>Validates the metadata of an embedded object at a path; the API server owns those rules.</summary>
    internal delegate IEnumerable<FieldError> MetadataCheck(JsonObject metadata, FieldPath path);

    public static IReadOnlyList<FieldError> Validate(JsonNode? value, StructuralSchema schema, MetadataCheck? metadata)
    {
        var errors = new List<FieldError>();
        Visit(value, schema, null, metadata, errors);
        return errors;
    }

    private static void Visit(JsonNode? value, StructuralSchema? schema, FieldPath? path, MetadataCheck? metadata, List<FieldError> errors)
    {
        if (schema is null)
            return;
        switch (value)
        {
            case JsonObject fields:
                if (schema.EmbeddedResource)
                    Check(fields, path, metadata, errors);
                foreach (var (name, field) in fields)
                {
                    if (schema.Properties.TryGetValue(name, out var property))
                        Visit(field, property, FieldPath.Child(path, name), metadata, errors);
                    else
                        Visit(field, schema.AdditionalProperties, FieldPath.Key(path, name), metadata, errors);
                }
                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                    Visit(items[i], schema.Items, FieldPath.Index(path, i), metadata, errors);
                break;
        }
    }

    private static void Check(JsonObject fields, FieldPath? path, MetadataCheck? metadata, List<FieldError> errors)
    {
        CheckTypeField(fields, "apiVersion", path, errors, version => version.Count(c => c == '/') > 1
            ? $"unexpected GroupVersion string: {version}"
            : null);
        CheckTypeField(fields, "kind", path, errors, kind => KindName().IsMatch(kind.ToLowerInvariant()) && kind.Length <= 63
            ? null
            : "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
                + "start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
                + "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
        if (!fields.TryGetPropertyValue("metadata", out var meta))
            return;
        var at = FieldPath.Child(path, "metadata");
        if (meta is JsonObject object_)
            errors.AddRange(metadata?.Invoke(object_, at) ?? []);
        else if (meta is not null)
            errors.Add(FieldError.Invalid(at, meta, "json: cannot unmarshal " + Word(meta) + " into Go value of type v1.ObjectMeta"));
    }

    private static void CheckTypeField(JsonObject fields, string name, FieldPath? path, List<FieldError> errors, Func<string, string?> wrong)
    {
        var at = FieldPath.Child(path, name);
        if (!fields.TryGetPropertyValue(name, out var value))
            errors.Add(FieldError.Required(at));
        else if (Datum.Of(value) is not { Kind: DatumKind.String } text)
            errors.Add(FieldError.Invalid(at, value, "must be a string"));
        else if (text.Text.Length == 0)
            errors.Add(FieldError.Invalid(at, value, "must not be empty"));
        else if (wrong(text.Text) is { } detail)
            errors.Add(FieldError.Invalid(at, value, detail));
    }

    private static string Word(JsonNode value) => Datum.Of(value).Kind switch
    {
        DatumKind.Array => "array",
        DatumKind.String => "string",
        DatumKind.Bool => "bool",
        _ => "number",
    };

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex KindName();
}
