using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Apply;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Writing;

/// <summary>Creates objects, in the order a real server goes: ownership, admission, server's fields, validation, storage.</summary>
internal sealed class ObjectCreation(Cluster cluster, AdmissionChain admission)
{
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int NameAttempts = 8;

    /// <param name="request">Who asks, and how.</param>
    /// <param name="target">Where to; its name is empty for a plain create.</param>
    /// <param name="obj">The decoded object, in the requested version.</param>
    /// <param name="applied">Set when this create is the outcome of an apply: its managed fields are already there.</param>
    public WriteResult Create(ApiRequest request, Target target, JsonObject obj, bool applied = false)
    {
        var (resource, version) = (target.Resource, target.Version);
        CheckPlace(target, obj);
        var metadata = obj.Meta();
        var generated = metadata.TextOr("", "name").Length == 0 && metadata.Text("generateName") is { Length: > 0 };
        if (!applied)
        {
            RequireNoResourceVersion(metadata);
            ManagedFields.RecordUpdate(target, KindCodec.Blank(resource, version), obj, request.FieldManager, cluster.Now());
        }
        for (var attempt = 1; ; attempt++)
        {
            var candidate = obj.Clone();
            if (generated) candidate.Meta()["name"] = Generated(metadata.TextOr("", "generateName"));
            admission.Admit(new AdmissionRequest(request, target, "CREATE", candidate, null));
            candidate = Prepared(target, candidate);
            admission.Validate(new AdmissionRequest(request, target, "CREATE", candidate, null));
            if (resource.Custom is not null) foreach (var warning in MetadataRules.FinalizerWarnings(candidate, null)) request.Warn(warning);
            candidate = Conversions.To(resource.Storage, version, candidate);
            if (request.DryRun)
            {
                if (resource.Store.Find(StoredObject.KeyOf(candidate.Namespace(), candidate.Name())) is not null) throw Exists(resource, candidate);
                return WriteResult.DryRun(candidate, created: true);
            }
            if (cluster.Store.Insert(resource.Store, new ObjectDraft(candidate)) is { } stored) return WriteResult.Of(stored, created: true);
            if (!generated || attempt == NameAttempts) throw Exists(resource, candidate);
        }
    }

    private JsonObject Prepared(Target target, JsonObject obj)
    {
        var (resource, version) = (target.Resource, target.Version);
        var metadata = obj.Meta();
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = cluster.Now();
        foreach (var field in (ReadOnlySpan<string>)["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation", "resourceVersion"]) metadata.Remove(field);
        if (resource.Strategy.TracksGeneration) metadata["generation"] = 1;
        resource.Strategy.PrepareForCreate(obj);
        obj = KindCodec.Ordered(resource, version, obj);
        var errors = new FieldErrors();
        MetadataRules.Validate(obj, resource, errors);
        resource.Strategy.Validate(obj, null, errors);
        if (resource.Custom is not null) errors = FieldErrors.Of(CustomCodec.Validate(version, resource.Kind, obj, null, status: false, errors.All));
        errors.ThrowIfAny(resource.Strategy.ErrorGroup ?? resource.Group, obj.TextOr("", "kind"), metadata.TextOr("", "name"));
        return obj;
    }

    private static void CheckPlace(Target target, JsonObject obj)
    {
        var metadata = obj.Meta();
        if (!target.Resource.Namespaced)
        {
            if (metadata.TextOr("", "namespace").Length == 0) metadata.Remove("namespace");
            return;
        }
        var given = metadata.TextOr("", "namespace");
        if (given.Length > 0 && given != target.Namespace)
            throw StatusException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        metadata["namespace"] = target.Namespace;
    }

    private static void RequireNoResourceVersion(JsonObject metadata)
    {
        if (metadata.Text("resourceVersion") is not ({ Length: > 0 } and not "0")) return;
        throw new StatusException(500, "", "resourceVersion should not be set on objects to be created");
    }

    private static StatusException Exists(ApiResource resource, JsonObject obj) => StatusException.AlreadyExists(resource.Group, resource.Plural, obj.Name());

    private static string Generated(string prefix)
    {
        var kept = prefix.Length > 58 ? prefix[..58] : prefix;
        return kept + RandomNumberGenerator.GetString(NameAlphabet, 5);
    }
}
