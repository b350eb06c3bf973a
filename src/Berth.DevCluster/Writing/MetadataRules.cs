using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Strategies;

namespace Berth.DevCluster.Writing;

/// <summary>The rules for metadata that hold for every kind.</summary>
internal static class MetadataRules
{
    private const int MaxAnnotationBytes = 256 * 1024;

    public static void Validate(JsonObject obj, ApiResource resource, FieldErrors errors)
    {
        var (namespaced, rule) = (resource.Namespaced, resource.Strategy.NameRule);
        var metadata = obj.Meta();
        Name(metadata, rule, errors);
        if (namespaced)
        {
            if (metadata.Text("namespace") is not { Length: > 0 } ns) errors.Add(FieldError.Required("metadata.namespace"));
            else foreach (var why in NameValidation.Name(ns, NameRule.Label)) errors.Add(FieldError.InvalidText("metadata.namespace", ns, why));
        }
        else if (metadata.Text("namespace") is { Length: > 0 })
        {
            errors.Add(FieldError.Forbidden("metadata.namespace", "not allowed on this type"));
        }
        Labels(metadata.Object("labels"), "metadata.labels", errors);
        Annotations(metadata, errors);
        OwnerReferences(metadata, errors);
        Finalizers(metadata, standard: resource.Custom is null, errors);
    }

    public static void ValidateUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var (next, before) = (obj.Meta(), old.Meta());
        foreach (var field in (ReadOnlySpan<string>)["name", "namespace", "uid", "creationTimestamp"])
        {
            if (next.TextOr("", field) != before.TextOr("", field))
                errors.Add(FieldError.InvalidText("metadata." + field, next.TextOr("", field), "field is immutable"));
        }
    }

    /// <summary>Finalizers can only go while an object is being deleted.</summary>
    public static IEnumerable<FieldError> FinalizersWhileDeleting(JsonObject obj, JsonObject old)
    {
        if (old.At("metadata", "deletionTimestamp") is null) yield break;
        var added = obj.Strings("metadata", "finalizers").Except(old.Strings("metadata", "finalizers")).ToList();
        if (added.Count == 0) yield break;
        var list = string.Join(", ", added.Select(FieldError.Quote));
        yield return FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}");
    }

    public static void Labels(JsonObject? labels, string path, FieldErrors errors)
    {
        foreach (var (key, value) in labels ?? [])
        {
            foreach (var why in NameValidation.QualifiedName(key)) errors.Add(FieldError.InvalidText(path, key, why));
            foreach (var why in NameValidation.LabelValue(value.Text() ?? "")) errors.Add(FieldError.InvalidText(path, value.Text() ?? "", why));
        }
    }

    private static void Name(JsonObject metadata, NameRule rule, FieldErrors errors)
    {
        if (metadata.Text("generateName") is { Length: > 0 } prefix)
        {
            // A prefix may end in a dash: the generated part follows.
            var shown = prefix.EndsWith('-') ? prefix[..^1] + "a" : prefix;
            foreach (var why in NameValidation.Name(shown, rule)) errors.Add(FieldError.InvalidText("metadata.generateName", prefix, why));
        }
        var name = metadata.TextOr("", "name");
        if (name.Length == 0) errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        else foreach (var why in NameValidation.Name(name, rule)) errors.Add(FieldError.InvalidText("metadata.name", name, why));
    }

    private static void OwnerReferences(JsonObject metadata, FieldErrors errors)
    {
        var controllers = new List<string>();
        foreach (var owner in metadata.Objects("ownerReferences"))
        {
            if (owner.TextOr("", "apiVersion").Length == 0) errors.Add(FieldError.InvalidText("metadata.ownerReferences.apiVersion", "", "version must not be empty"));
            if (owner.TextOr("", "kind").Length == 0) errors.Add(FieldError.InvalidText("metadata.ownerReferences.kind", "", "must not be empty"));
            if (owner.TextOr("", "name").Length == 0) errors.Add(FieldError.InvalidText("metadata.ownerReferences.name", "", "must not be empty"));
            if (owner.TextOr("", "uid").Length == 0) errors.Add(FieldError.InvalidText("metadata.ownerReferences.uid", "", "must not be empty"));
            if (owner.Flag("controller") == true) controllers.Add($"{owner.Text("kind")}/{owner.Text("name")}");
        }
        if (controllers.Count > 1)
            errors.Add(FieldError.Invalid("metadata.ownerReferences", "[]", $"Only one reference can have Controller set to true. Found \"true\" in references for {controllers[0]} and {controllers[1]}"));
    }

    private static void Finalizers(JsonObject metadata, bool standard, FieldErrors errors)
    {
        var all = metadata.Strings("finalizers").ToList();
        foreach (var finalizer in all)
        {
            foreach (var why in NameValidation.QualifiedName(finalizer)) errors.Add(FieldError.InvalidText("metadata.finalizers", finalizer, why));
        }
        if (all.Contains("orphan") && all.Contains("foregroundDeletion"))
            errors.Add(FieldError.Invalid("metadata.finalizers", "[" + string.Join(",", all.Select(FieldError.Quote)) + "]", "finalizer orphan and foregroundDeletion cannot be both set"));
        for (var i = 0; standard && i < all.Count; i++)
        {
            if (!IsQualified(all[i])) errors.Add(FieldError.InvalidText($"metadata.finalizers[{i}]", all[i], "name is neither a standard finalizer name nor is it fully qualified"));
        }
    }

    /// <summary>Custom objects may have any finalizer; one without a domain is warned about when it is new.</summary>
    public static IEnumerable<string> FinalizerWarnings(JsonObject obj, JsonObject? old) => obj.Strings("metadata", "finalizers").Except(old.Strings("metadata", "finalizers"))
        .Where(f => !IsQualified(f)).Select(f => $"metadata.finalizers: {FieldError.Quote(f)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers");

    private static bool IsQualified(string finalizer) => finalizer.Contains('/', StringComparison.Ordinal) || finalizer is "orphan" or "foregroundDeletion" or "kubernetes";

    private static void Annotations(JsonObject metadata, FieldErrors errors)
    {
        long total = 0;
        foreach (var (key, value) in metadata.Object("annotations") ?? [])
        {
            foreach (var why in NameValidation.QualifiedName(key.ToLowerInvariant())) errors.Add(FieldError.InvalidText("metadata.annotations", key, why));
            total += System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(value.Text() ?? "");
        }
        if (total > MaxAnnotationBytes) errors.Add(FieldError.TooLong("metadata.annotations", MaxAnnotationBytes));
    }
}
