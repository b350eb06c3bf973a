using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Writing;

/// <summary>What a DELETE asks for beyond the object.</summary>
internal sealed record DeleteOptions(long? GracePeriodSeconds = null, string? PropagationPolicy = null, string? Uid = null, string? ResourceVersion = null, bool DryRun = false);

/// <summary>What a DELETE left: the object that stays for now, or the last state of the one that is gone.</summary>
internal sealed record DeleteResult(StoredObject Object, bool Removed);

/// <summary>Deletes objects: at once, after a grace period, or when their finalizers are gone.</summary>
internal sealed class ObjectDeletion(Cluster cluster, AdmissionChain admission)
{
    public DeleteResult Delete(ApiRequest request, Target target, DeleteOptions options)
    {
        while (true)
        {
            var stored = target.Stored();
            var old = stored.Parse();
            CheckPreconditions(target, stored, options);
            admission.Admit(new AdmissionRequest(request, target, "DELETE", null, old));
            admission.Validate(new AdmissionRequest(request, target, "DELETE", null, old));
            var next = old.Clone();
            var gone = Mark(target, next, options);
            if (options.DryRun) return new DeleteResult(gone ? stored : new ObjectDraft(next).At(stored.Revision), gone);
            if (JsonNode.DeepEquals(next, old) && !gone) return new DeleteResult(stored, false);
            var draft = new ObjectDraft(next);
            // Kinds with a grace period are seen with none left before they are seen to go.
            var graceful = gone && next.At("metadata", "deletionGracePeriodSeconds") is not null && !JsonNode.DeepEquals(next, old);
            var last = graceful ? cluster.Store.Replace(target.Resource.Store, stored, draft) : stored;
            if (last is null) continue;
            var result = gone ? cluster.Store.Remove(target.Resource.Store, last, draft) : cluster.Store.Replace(target.Resource.Store, last, draft);
            if (result is not null) return new DeleteResult(result, gone);
        }
    }

    private static void CheckPreconditions(Target target, StoredObject stored, DeleteOptions options)
    {
        if (options.Uid is { } uid && uid != stored.Uid)
        {
            throw StatusException.Conflict(target.Resource.Group, target.Resource.Kind, target.Name,
                $"the UID in the precondition ({uid}) does not match the UID in record ({stored.Uid}). The object might have been deleted and then recreated");
        }
        if (options.ResourceVersion is { } version && version != stored.Revision.Invariant())
        {
            throw StatusException.Conflict(target.Resource.Group, target.Resource.Kind, target.Name,
                $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({stored.Revision}). The object might have been modified");
        }
    }

    // True when nothing keeps the object.
    private bool Mark(Target target, JsonObject obj, DeleteOptions options)
    {
        Propagate(obj, options.PropagationPolicy);
        if (target.Resource is { Group: "", Plural: "namespaces" }) return MarkNamespace(obj);
        var metadata = obj.Meta();
        if (target.Resource is { Plural: "customresourcedefinitions", Custom: null }) return MarkDefinition(obj);
        var held = obj.Strings("metadata", "finalizers").Any();
        if (metadata["deletionTimestamp"] is null)
        {
            var grace = target.Resource.Strategy.GracePeriod(obj, options.GracePeriodSeconds);
            if (grace is null && !held) return true;
            Stamp(metadata, grace ?? 0);
            return !held && (grace ?? 0) == 0;
        }
        var pending = metadata.Number("deletionGracePeriodSeconds") ?? 0;
        if (options.GracePeriodSeconds is { } asked && asked < pending)
        {
            var start = DateTimeOffset.Parse(metadata.TextOr("", "deletionTimestamp"), CultureInfo.InvariantCulture).AddSeconds(asked - pending);
            metadata["deletionTimestamp"] = ScalarCodec.Write(start);
            metadata["deletionGracePeriodSeconds"] = asked;
            pending = asked;
        }
        return !held && pending == 0;
    }

    private void Stamp(JsonObject metadata, long grace)
    {
        metadata["deletionTimestamp"] = ScalarCodec.Write(cluster.Time.GetUtcNow().AddSeconds(grace));
        metadata["deletionGracePeriodSeconds"] = grace;
        if (metadata.Number("generation") is { } generation) metadata["generation"] = generation + 1;
    }

    private bool MarkNamespace(JsonObject obj)
    {
        if (obj.Meta()["deletionTimestamp"] is null) obj.Meta()["deletionTimestamp"] = cluster.Now();
        obj.Ensure("status")["phase"] = "Terminating";
        return !obj.Strings("spec", "finalizers").Any() && !obj.Strings("metadata", "finalizers").Any();
    }

    // A definition waits for its objects to go.
    private bool MarkDefinition(JsonObject obj)
    {
        var metadata = obj.Meta();
        if (metadata["deletionTimestamp"] is not null) return !obj.Strings("metadata", "finalizers").Any();
        metadata["deletionTimestamp"] = cluster.Now();
        metadata.EnsureArray("finalizers").Add("customresourcecleanup.apiextensions.k8s.io");
        var conditions = obj.Ensure("status").EnsureArray("conditions");
        foreach (var present in conditions.OfType<JsonObject>().Where(c => c.Text("type") == "Terminating").ToList()) conditions.Remove(present);
        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = "Terminating",
            ["status"] = "True",
            ["lastTransitionTime"] = cluster.Now(),
            ["reason"] = "InstanceDeletionPending",
            ["message"] = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        });
        return false;
    }

    // The garbage collector is told by finalizers what to do with what the object owns.
    private static void Propagate(JsonObject obj, string? policy)
    {
        if (policy is null) return;
        var metadata = obj.Meta();
        var kept = obj.Strings("metadata", "finalizers").Where(f => f is not ("orphan" or "foregroundDeletion")).ToList();
        if (policy == "Orphan") kept.Add("orphan");
        if (policy == "Foreground") kept.Add("foregroundDeletion");
        if (kept.Count == 0) metadata.Remove("finalizers");
        else metadata["finalizers"] = kept.ToJson();
    }
}
