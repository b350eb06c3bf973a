using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Schema;
using Berth.DevCluster.Strategies;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;
using FieldError = Berth.DevCluster.Http.FieldError;

namespace Berth.DevCluster.Handlers;

/// <summary>Custom objects: typed metadata, everything else as the schema says, keys in alphabetical order.</summary>
internal static class CustomCodec
{
    public static (JsonObject Object, IReadOnlyList<string> Unknown) Decode(ServedVersion version, JsonObject source)
    {
        var obj = (JsonObject)JsonText.Sorted(source)!;
        var unknown = new List<string>();
        if (version.Schema is { } schema)
        {
            unknown.AddRange(Pruner.Prune(obj, schema, resourceRoot: true));
            Defaulter.Apply(obj, schema);
            obj = (JsonObject)JsonText.Sorted(obj)!;
        }
        var (metadata, unknownMetadata) = BuiltinCodec.Decode(obj.Object("metadata") ?? [], BuiltinTypes.ObjectMeta);
        unknown.AddRange(unknownMetadata.Select(f => "metadata." + f));
        obj["metadata"] = JsonText.Sorted(metadata);
        return (obj, unknown);
    }

    /// <summary>All errors of a custom object, its metadata's among them, in the order a real server finds them.</summary>
    public static IReadOnlyList<FieldError> Validate(ServedVersion version, string kind, JsonObject obj, JsonObject? old, bool status, IReadOnlyList<FieldError> metadataErrors)
    {
        if (version.Rules is not { } rules)
            return obj.Text("kind") == kind ? metadataErrors : [FieldError.InvalidText("kind", obj.TextOr("", "kind"), $"must be {kind}")];
        // The schema's validator only needs to know of what kind the metadata's errors are; they are put back as they were.
        var stands = metadataErrors.Select(e => (Error: e, Stand: Stand(e))).ToList();
        var list = stands.ConvertAll(s => s.Stand);
        var found = old is null ? rules.Validate(obj, list) : status ? rules.ValidateStatusUpdate(obj, old, list) : rules.ValidateUpdate(obj, old, list);
        return [.. found.Select(f => stands.FirstOrDefault(s => ReferenceEquals(s.Stand, f)).Error ?? new FieldError(f.Reason.CauseType(), f.Field, f.Body))];
    }

    /// <summary>The rules for the metadata of objects inside objects.</summary>
    public static IEnumerable<Schema.FieldError> EmbeddedMetadata(JsonObject metadata, FieldPath path)
    {
        foreach (var why in NameValidation.Name(metadata.TextOr("", "name"), NameRule.Subdomain).Where(_ => metadata.TextOr("", "name").Length > 0))
            yield return Schema.FieldError.Invalid(path.Child("name"), metadata.TextOr("", "name"), why);
        var labels = new FieldErrors();
        MetadataRules.Labels(metadata.Object("labels"), "labels", labels);
        foreach (var error in labels.All) yield return Schema.FieldError.Invalid(path.Child("labels"), null, error.Message);
    }

    private static Schema.FieldError Stand(FieldError error) =>
        new(Enum.TryParse<FieldErrorReason>(error.Reason.Replace("FieldValue", "", StringComparison.Ordinal), out var reason) ? reason : FieldErrorReason.Invalid, error.Field, null, "");
}
