using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Apply;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using YamlDotNet.Core;

namespace Berth.DevCluster.Writing;

/// <summary>Server-side apply: the configuration is laid over the live object, by ownership.</summary>
internal sealed class ObjectApply(Cluster cluster, ObjectCreation creation, ObjectUpdate update)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public WriteResult Apply(ApiRequest request, Target target, byte[] body)
    {
        var manager = request.Query("fieldManager");
        CheckOptions(manager);
        var duplicates = new List<string>();
        var config = Parse(target, body, duplicates);
        var force = request.Flag("force");
        while (true)
        {
            try
            {
                if (target.Resource.Store.Find(target.Key) is not null)
                {
                    return update.Update(request, target, old => ManagedFields.Apply(target, old, config, manager, force, cluster.Now()) is { } next
                        ? Normalised(request, target, WithLastApplied(next, config, manager), duplicates) : old.Clone(), ObjectUpdate.Managed.Done);
                }
                return Create(request, target, config, manager, duplicates);
            }
            catch (StatusException lost) when (IsRace(target, lost))
            {
                // Somebody created or deleted it in between: begin again.
            }
        }
    }

    private static bool IsRace(Target target, StatusException failure)
    {
        var exists = target.Resource.Store.Find(target.Key) is not null;
        return target.Subresource.Length == 0 && ((failure.Reason == "AlreadyExists" && exists)
            || (failure.Code == 404 && !exists && failure.Details.Text("kind") == target.Resource.Plural && failure.Details.Text("name") == target.Name));
    }

    private WriteResult Create(ApiRequest request, Target target, JsonObject config, string manager, List<string> duplicates)
    {
        if (target.Subresource.Length > 0) throw target.NotFound();
        if (config.Text("metadata", "uid") is { Length: > 0 } uid)
            throw StatusException.Conflict(target.Resource.Group, target.Resource.Plural, target.Name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        var blank = KindCodec.Blank(target.Resource, target.Version);
        var next = ManagedFields.Apply(target, blank, config, manager, force: true, cluster.Now()) ?? config.Clone();
        return creation.Create(request, target, Normalised(request, target, next, duplicates), applied: true);
    }

    // Who applied from the client before finds its annotation kept up to date, so that it can go back.
    private static JsonObject WithLastApplied(JsonObject next, JsonObject config, string manager)
    {
        if (manager != "kubectl" || next.Object("metadata", "annotations") is not { } annotations || !annotations.ContainsKey(LastApplied)) return next;
        var applied = config.Clone();
        applied.Object("metadata", "annotations")?.Remove(LastApplied);
        annotations[LastApplied] = Encoding.UTF8.GetString(JsonText.Bytes(applied)) + "\n";
        return next;
    }

    private static JsonObject Normalised(ApiRequest request, Target target, JsonObject next, List<string> duplicates)
    {
        next["kind"] = target.Resource.Kind;
        next["apiVersion"] = target.Version.ApiVersion;
        return ObjectDecoder.Normalise(request, target, next, duplicates);
    }

    private static void CheckOptions(string manager)
    {
        if (manager.Length == 0) throw FieldErrors.Invalid("meta.k8s.io", "PatchOptions", "", FieldError.Required("fieldManager", "is required for apply patch"));
        if (manager.Length > 128) throw FieldErrors.Invalid("meta.k8s.io", "PatchOptions", "", FieldError.TooLong("fieldManager", 128));
    }

    private static JsonObject Parse(Target target, byte[] body, List<string> duplicates)
    {
        JsonObject config;
        try
        {
            config = Yaml.Parse(Encoding.UTF8.GetString(body), duplicates) as JsonObject ?? throw StatusException.BadRequest("error decoding patch: the body is not an object");
        }
        catch (YamlException e)
        {
            throw StatusException.BadRequest($"error decoding YAML: error converting YAML to JSON: {GoYaml.Complaint(e)}");
        }
        if (config.Array("metadata", "managedFields") is { Count: > 0 }) throw StatusException.BadRequest("metadata.managedFields must be nil");
        CheckKind(target, config);
        ConfigurationErrors.Check(target, config);
        var name = config.Name();
        if (name.Length > 0 && name != target.Name) throw StatusException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        config.Meta()["name"] = target.Name;
        if (target.Resource.Namespaced)
        {
            if (config.Namespace().Length > 0 && config.Namespace() != target.Namespace)
                throw StatusException.BadRequest($"the namespace of the object ({config.Namespace()}) does not match the namespace on the URL ({target.Namespace})");
            config.Meta()["namespace"] = target.Namespace;
        }
        return config;
    }

    private static void CheckKind(Target target, JsonObject config)
    {
        var (kind, apiVersion) = (config.TextOr("", "kind"), config.TextOr("", "apiVersion"));
        if (apiVersion != target.Version.ApiVersion)
            throw StatusException.BadRequest($"Incorrect version specified in apply patch. Specified patch version: {apiVersion}, expected: {target.Version.ApiVersion}");
        if (kind != target.Resource.Kind)
            throw StatusException.BadRequest($"invalid object type: {apiVersion}, Kind={kind}; expected {target.Version.ApiVersion}, Kind={target.Resource.Kind}");
    }
}
