using System.Text.Json.Nodes;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster;

/// <summary>Creates the objects of YAML files at start: CustomResourceDefinitions and other cluster-scoped objects.</summary>
internal static class Manifests
{
    public static async Task Create(Cluster cluster, CustomResourceDefinitions definitions, string path)
    {
        foreach (var obj in await Read(path))
        {
            var apiVersion = obj.TextOr("", "apiVersion");
            var group = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion.Split('/')[0] : "";
            var resource = cluster.Registry.FindKind(group, obj.TextOr("", "kind"))
                ?? throw new InvalidOperationException($"{path}: {obj.Text("kind")} {obj.Name()} is of a kind that is not served: {apiVersion}");
            if (resource.Namespaced && obj.Namespace().Length == 0) obj.Meta()["namespace"] = "default";
            if (!Renewed(cluster, resource, obj)) Seed.Put(cluster, group, resource.Plural, obj);
            definitions.Sync();
        }
    }

    // A persistent cluster may hold an earlier state of a file: its spec is brought up to date.
    private static bool Renewed(Cluster cluster, ApiResource resource, JsonObject obj)
    {
        if (resource.Store.Find(StoredObject.KeyOf(obj.Namespace(), obj.Name())) is not { } stored) return false;
        var wanted = KindCodec.Decode(resource, resource.Storage, obj.Clone()).Object;
        var present = stored.Parse();
        if (JsonNode.DeepEquals(wanted["spec"], present["spec"])) return true;
        present["spec"] = wanted["spec"]?.DeepClone();
        if (present.Number("metadata", "generation") is { } generation) present.Meta()["generation"] = generation + 1;
        cluster.Store.Replace(resource.Store, stored, new ObjectDraft(KindCodec.Ordered(resource, resource.Storage, present)));
        return true;
    }

    private static async Task<List<JsonObject>> Read(string path)
    {
        var files = File.Exists(path) ? [path]
            : Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.y*ml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList()
            : throw new FileNotFoundException($"no such file or directory: {path}; name a YAML file or a directory of them", path);
        var objects = new List<JsonObject>();
        foreach (var file in files) objects.AddRange(Yaml.Documents(await File.ReadAllTextAsync(file)));
        return [.. objects.OrderBy(o => o.Text("kind") == "CustomResourceDefinition" ? 0 : 1)];
    }
}
