using System.Text.Json.Nodes;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Apply;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Writing;

/// <summary>
/// Changes objects: reads the present state, lets the caller make the next one of it, and swaps them. A lost race is run again,
/// unless the caller named the resourceVersion it started from.
/// </summary>
internal sealed class ObjectUpdate(Cluster cluster, AdmissionChain admission)
{
    private const int Attempts = 200;

    /// <summary>Makes the next state of an object; both are in the requested version.</summary>
    /// <param name="old">The present state; may be read, not changed.</param>
    /// <returns>The next state, decoded, with or without managed fields as <see cref="Managed"/> says.</returns>
    public delegate JsonObject Change(JsonObject old);

    /// <summary>How the managed fields of the next state come about.</summary>
    public enum Managed
    {
        /// <summary>They are worked out from what changed.</summary>
        ByUpdate,

        /// <summary>The change has set them.</summary>
        Done,
    }

    public WriteResult Update(ApiRequest request, Target target, Change change, Managed managed = Managed.ByUpdate, bool put = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            var stored = target.Stored();
            var old = Conversions.To(target.Version, target.Resource.Storage, stored.Parse());
            var next = change(old);
            CheckPreconditions(target, next, old, put);
            var asked = next.TextOr("", "metadata", "resourceVersion");
            Retain(target, next, old);
            if (managed == Managed.ByUpdate) ManagedFields.RecordUpdate(target, old, next, request.FieldManager, cluster.Now());
            admission.Admit(new AdmissionRequest(request, target, "UPDATE", next, old));
            next = Prepared(target, next, old);
            admission.Validate(new AdmissionRequest(request, target, "UPDATE", next, old));
            if (target.Resource.Custom is not null) foreach (var warning in MetadataRules.FinalizerWarnings(next, old)) request.Warn(warning);
            if (JsonNode.DeepEquals(next, old)) return WriteResult.Of(stored, created: false);
            if (request.DryRun) return DryRunResult(target, next, stored);
            var draft = Draft(target, next);
            if (IsGone(next, old))
            {
                // The answer shows the object as it was last stored; only watchers learn the revision of its end.
                if (cluster.Store.Remove(target.Resource.Store, stored, draft) is not null) return WriteResult.Of(draft.At(stored.Revision), created: false);
            }
            else if (cluster.Store.Replace(target.Resource.Store, stored, draft) is { } result)
            {
                return WriteResult.Of(result, created: false);
            }
            if (attempt == Attempts || (put && asked.Length > 0)) throw target.Modified();
        }
    }

    private static ObjectDraft Draft(Target target, JsonObject next) => new(Conversions.To(target.Resource.Storage, target.Version, next));

    private static WriteResult DryRunResult(Target target, JsonObject next, StoredObject stored)
    {
        next.Meta()["resourceVersion"] = stored.Revision.Invariant();
        return new WriteResult(JsonText.Bytes(Conversions.To(target.Resource.Storage, target.Version, next)), Created: false);
    }

    private static void CheckPreconditions(Target target, JsonObject next, JsonObject old, bool put)
    {
        var resource = target.Resource;
        var uid = next.TextOr("", "metadata", "uid");
        if (put && uid.Length > 0 && uid != old.Text("metadata", "uid"))
        {
            var key = resource.Group.Length == 0 ? resource.Plural : $"{resource.Group}/{resource.Plural}";
            throw StatusException.Conflict(resource.Group, resource.Plural, target.Name,
                $"StorageError: invalid object, Code: 4, Key: /registry/{key}/{target.Key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Text("metadata", "uid")}");
        }
        var asked = next.TextOr("", "metadata", "resourceVersion");
        if (asked.Length > 0 && asked != "0")
        {
            if (!ulong.TryParse(asked, out _)) throw StatusException.Unexplained($"strconv.ParseUint: parsing {FieldError.Quote(asked)}: invalid syntax");
            if (asked != old.Text("metadata", "resourceVersion")) throw target.Modified();
        }
        else if (put && !resource.Strategy.AllowUnconditionalUpdate)
        {
            throw FieldErrors.Invalid(resource.Group, resource.Plural, target.Name, FieldError.Invalid("metadata.resourceVersion", "0", "must be specified for an update"));
        }
    }

    // What only the server decides is the same before and after.
    private static void Retain(Target target, JsonObject next, JsonObject old)
    {
        var (metadata, before) = (next.Meta(), old.Meta());
        foreach (var field in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "selfLink"])
        {
            // A patch that names another uid is refused, not mended.
            if (field == "uid" && metadata.TextOr("", "uid").Length > 0) continue;
            if (before[field] is { } kept) metadata[field] = kept.DeepClone();
            else metadata.Remove(field);
        }
        if (target.Resource.Namespaced && metadata.TextOr("", "namespace").Length == 0) metadata["namespace"] = target.Namespace;
        SubresourceFilter.Keep(target, next, old);
    }

    private static JsonObject Prepared(Target target, JsonObject next, JsonObject old)
    {
        var strategy = target.Resource.Strategy;
        // Finalizing a namespace is the one write that its own rules must not undo.
        if (target.Subresource != "finalize") strategy.PrepareForUpdate(next, old);
        if (strategy.TracksGeneration && target.Subresource is not ("status" or "binding") && strategy.DesiredStateChanged(next, old))
            next.Meta()["generation"] = (old.Number("metadata", "generation") ?? 0) + 1;
        next = KindCodec.Ordered(target.Resource, target.Version, next);
        var errors = new FieldErrors();
        MetadataRules.Validate(next, target.Resource, errors);
        // A real server holds objects to these twice.
        for (var i = 0; i < 2; i++)
        {
            MetadataRules.ValidateUpdate(next, old, errors);
            errors.AddRange(MetadataRules.FinalizersWhileDeleting(next, old));
        }
        if (target.Subresource.Length > 0) strategy.ValidateSubresource(target.Subresource, next, old, errors);
        else strategy.Validate(next, old, errors);
        if (target.Resource.Custom is not null)
            errors = FieldErrors.Of(CustomCodec.Validate(target.Version, target.Resource.Kind, next, old, target.Subresource == "status", errors.All));
        errors.ThrowIfAny(strategy.ErrorGroup ?? target.Resource.Group, next.TextOr("", "kind"), target.Name);
        return next;
    }

    // The last finalizer of an object that is being deleted takes the object with it.
    private static bool IsGone(JsonObject next, JsonObject old) =>
        old.At("metadata", "deletionTimestamp") is not null && !next.Strings("metadata", "finalizers").Any()
        && (old.Number("metadata", "deletionGracePeriodSeconds") ?? 0) == 0 && !next.Strings("spec", "finalizers").Any(_ => next.Text("kind") == "Namespace");
}
