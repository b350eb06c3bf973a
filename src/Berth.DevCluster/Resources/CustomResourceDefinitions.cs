using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Schema;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Strategies;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Resources;

/// <summary>
/// Serves what CustomResourceDefinitions declare, as soon as the write that declares it is answered, and takes it away again
/// together with its objects.
/// </summary>
internal sealed class CustomResourceDefinitions(Cluster cluster)
{
    private readonly Lock _lock = new();

    private ApiResource Definitions => cluster.Registry.Get("apiextensions.k8s.io", "customresourcedefinitions");

    public void AfterWrite(Target target)
    {
        if (target.Resource is { Group: "rbac.authorization.k8s.io", Plural: "clusterroles" }) Access.RbacDefaults.Aggregate(cluster);
        if (target.Resource.Custom is null && target.Resource.Plural != "customresourcedefinitions") return;
        if (target.Resource.Custom is not null && Definitions.Store.Find(target.Resource.Custom.DefinitionName) is { } own && own.Json.Span.IndexOf("\"deletionTimestamp\""u8) < 0) return;
        Sync();
    }

    public void Sync()
    {
        lock (_lock)
        {
            var definitions = Definitions.Store.Current.Select(d => (Stored: d, Object: d.Parse())).ToList();
            foreach (var (stored, definition) in definitions)
            {
                if (definition.At("metadata", "deletionTimestamp") is not null) Finish(stored, definition);
                else Establish(stored, definition);
            }
            var names = definitions.Select(d => d.Stored.Name).ToHashSet();
            foreach (var gone in cluster.Registry.All.Where(r => r.Custom is { } c && !names.Contains(c.DefinitionName)).ToList())
                cluster.Registry.Remove(gone.Group, gone.Plural);
        }
    }

    private void Establish(StoredObject stored, JsonObject definition)
    {
        var (group, plural) = (definition.TextOr("", "spec", "group"), definition.TextOr("", "spec", "names", "plural"));
        var served = cluster.Registry.Find(group, plural);
        if (served?.Custom is { } known && known.DefinitionUid == stored.Uid && JsonNode.DeepEquals(known.Spec, definition["spec"])) return;
        if (!Accepted(definition)) Accept(stored, definition);
        var resource = Resource(stored, definition);
        Restore(resource);
        cluster.Registry.Put(resource);
    }

    // Objects of an earlier storage version are written anew in the present one.
    private void Restore(ApiResource resource)
    {
        // All objects are of one version, so the first tells.
        if (resource.Store.Current is not { Count: > 0 } all || all[0].Parse().Text("apiVersion") == resource.Storage.ApiVersion) return;
        foreach (var obj in all)
        {
            var parsed = obj.Parse();
            parsed["apiVersion"] = resource.Storage.ApiVersion;
            cluster.Store.Replace(resource.Store, obj, new ObjectDraft(parsed));
        }
    }

    private static bool Accepted(JsonObject definition) => definition.Objects("status", "conditions").Any(c => c.Text("type") == "Established" && c.Text("status") == "True")
        && JsonNode.DeepEquals(definition.At("status", "acceptedNames"), definition.At("spec", "names"));

    private void Accept(StoredObject stored, JsonObject definition)
    {
        var old = definition.Clone();
        var status = definition.Ensure("status");
        status["acceptedNames"] = definition.At("spec", "names")!.DeepClone();
        status["conditions"] = new JsonArray(
            Condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            Condition("Established", "InitialNamesAccepted", "the initial names have been accepted"));
        var target = new Target(Definitions, Definitions.Storage, "", stored.Name, "status");
        Apply.ManagedFields.RecordUpdate(target, old, definition, "kube-apiserver", cluster.Now());
        definition = BuiltinCodec.Decode(definition, Definitions.Storage.Type).Object;
        cluster.Store.Replace(Definitions.Store, stored, new ObjectDraft(definition));
    }

    private JsonObject Condition(string type, string reason, string message) => new()
    {
        ["type"] = type,
        ["status"] = "True",
        ["lastTransitionTime"] = cluster.Now(),
        ["reason"] = reason,
        ["message"] = message,
    };

    private ApiResource Resource(StoredObject stored, JsonObject definition)
    {
        var spec = definition.Object("spec")!;
        var (group, names) = (spec.TextOr("", "group"), spec.Object("names")!);
        var all = spec.Objects("versions").Select(v => (Served: v.Flag("served") == true, Stored: v.Flag("storage") == true, Version: Version(group, names.TextOr("", "kind"), v))).ToList();
        var hasStatus = spec.Objects("versions").Any(v => v.Object("subresources", "status") is not null);
        return new ApiResource
        {
            Group = group,
            Plural = names.TextOr("", "plural"),
            Singular = names.TextOr("", "singular"),
            Kind = names.TextOr("", "kind"),
            ListKind = names.TextOr("", "listKind"),
            Namespaced = spec.Text("scope") == "Namespaced",
            ShortNames = [.. names.Strings("shortNames")],
            Categories = [.. names.Strings("categories")],
            Versions = [.. all.Where(v => v.Served).Select(v => v.Version)],
            Storage = all.First(v => v.Stored).Version,
            Store = cluster.Store.Resource($"{group}/{names.Text("plural")}"),
            Strategy = new CustomStrategy(hasStatus),
            Custom = new CustomKind(stored.Name, stored.Uid, spec.Clone()),
        };
    }

    private static ServedVersion Version(string group, string kind, JsonObject version)
    {
        var subresources = new List<Subresource>();
        if (version.Object("subresources", "status") is not null) subresources.Add(new Subresource("status", kind, "", "", "get", "patch", "update"));
        var scale = version.Object("subresources", "scale");
        if (scale is not null) subresources.Add(new Subresource("scale", "Scale", "autoscaling", "v1", "get", "patch", "update"));
        var paths = scale is null ? null : new ScalePaths(scale.TextOr("", "specReplicasPath"), scale.TextOr("", "statusReplicasPath"), scale.Text("labelSelectorPath"));
        var name = version.TextOr("", "name");
        var source = version.Object("schema", "openAPIV3Schema");
        var schema = source is null ? null : StructuralSchema.Parse(source);
        return new ServedVersion
        {
            Group = group,
            Name = name,
            Type = CustomTypes.Root(source),
            Subresources = subresources,
            Scale = paths,
            Schema = schema,
            Rules = schema is null ? null : new CustomResourceRules(group, name, kind, schema) { Scale = paths, EmbeddedMetadata = Handlers.CustomCodec.EmbeddedMetadata },
            SelectableFields = [.. version.Objects("selectableFields").Select(f => f.TextOr("", "jsonPath").TrimStart('.'))],
            Columns = [.. version.Objects("additionalPrinterColumns").Select(Column)],
        };
    }

    private static PrinterColumn Column(JsonObject column)
    {
        var path = column.TextOr("", "jsonPath");
        return new PrinterColumn(column.TextOr("", "name"), column.TextOr("", "type"), path, column.TextOr("", "format"),
            column.Text("description") is { Length: > 0 } text ? text : $"Custom resource definition column (in JSONPath format): {path}", column.Number("priority") ?? 0);
    }

    // A definition goes when its last object is gone; objects with finalizers keep it.
    private void Finish(StoredObject stored, JsonObject definition)
    {
        var resource = cluster.Registry.Find(definition.TextOr("", "spec", "group"), definition.TextOr("", "spec", "names", "plural"));
        foreach (var obj in resource?.Store.Current ?? [])
        {
            var last = obj.Parse();
            if (last.Strings("metadata", "finalizers").Any())
            {
                if (last.At("metadata", "deletionTimestamp") is not null) continue;
                last.Meta()["deletionTimestamp"] = cluster.Now();
                last.Meta()["deletionGracePeriodSeconds"] = 0;
                cluster.Store.Replace(resource!.Store, obj, new ObjectDraft(last));
                continue;
            }
            cluster.Store.Remove(resource!.Store, obj, new ObjectDraft(last));
        }
        if (resource is { Store.Current.Count: > 0 }) return;
        var others = definition.Strings("metadata", "finalizers").Where(f => f != "customresourcecleanup.apiextensions.k8s.io").ToList();
        if (others.Count > 0) return;
        if (cluster.Store.Remove(Definitions.Store, stored, new ObjectDraft(definition)) is not null && resource is not null) cluster.Registry.Remove(resource.Group, resource.Plural);
    }
}
