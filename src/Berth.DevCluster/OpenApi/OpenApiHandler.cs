using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.OpenApi;

/// <summary>OpenAPI documents: version 3 per group and version, version 2 in one piece. They are made when asked for.</summary>
internal sealed class OpenApiHandler
{
    private const string Prefix = "/openapi/v3/";

    private readonly Cluster _cluster;
    private readonly ConcurrentDictionary<string, byte[]> _made = new();

    public OpenApiHandler(Cluster cluster)
    {
        _cluster = cluster;
        cluster.Registry.Changed += _made.Clear;
    }

    public async Task<bool> TryHandle(HttpContext http, string path)
    {
        if (path == "/openapi/v2")
        {
            await Responses.Json(http, 200, _made.GetOrAdd("v2", _ => JsonText.Bytes(Version2())));
            return true;
        }
        if (path is "/openapi/v3" or Prefix)
        {
            await Responses.Json(http, 200, Index());
            return true;
        }
        if (!path.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        var name = path[Prefix.Length..].TrimEnd('/');
        if (!Documents().Any(d => d.Name == name)) return false;
        await Responses.Json(http, 200, Document(name));
        return true;
    }

    private IEnumerable<(string Name, string Group, string Version)> Documents() => _cluster.Registry.All
        .SelectMany(r => r.Versions.Select(v => (Name: r.Group.Length == 0 ? "api/" + v.Name : $"apis/{r.Group}/{v.Name}", r.Group, Version: v.Name))).Distinct();

    private JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var (name, _, _) in Documents())
            paths[name] = new JsonObject { ["serverRelativeURL"] = $"{Prefix}{name}?hash={Convert.ToHexString(SHA256.HashData(Document(name)))}" };
        return new JsonObject { ["paths"] = paths };
    }

    private byte[] Document(string name) => _made.GetOrAdd(name, n =>
    {
        var (_, group, version) = Documents().First(d => d.Name == n);
        return JsonText.Bytes(Version3([.. _cluster.Registry.All.Where(r => r.Group == group && r.Version(version) is not null)], version));
    });

    private static JsonObject Version3(IReadOnlyList<ApiResource> resources, string version)
    {
        const string reference = "#/components/schemas/";
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        Fill(resources.Select(r => (r, r.Version(version)!)), paths, schemas, reference);
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.36.2" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private JsonObject Version2()
    {
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        Fill(_cluster.Registry.All.SelectMany(r => r.Versions.Select(v => (r, v))), paths, schemas, "#/definitions/");
        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.36.2" },
            ["paths"] = paths,
            ["definitions"] = schemas,
        };
    }

    private static void Fill(IEnumerable<(ApiResource Resource, ServedVersion Version)> served, JsonObject paths, JsonObject schemas, string reference)
    {
        var builtin = new BuiltinSchemas(reference);
        foreach (var (resource, version) in served)
        {
            var name = SchemaNames.Of(resource, version);
            var own = new JsonObject { ["$ref"] = reference + name };
            if (resource.Custom is null) builtin.Reference(version.Type);
            else schemas[name] = CustomSchemas.Of(version, builtin);
            builtin.Write(schemas);
            var schema = schemas[name] as JsonObject ?? [];
            schema["x-kubernetes-group-version-kind"] = new JsonArray(new JsonObject { ["group"] = resource.Group, ["kind"] = resource.Kind, ["version"] = version.Name });
            foreach (var (path, item) in OpenApiPaths.Of(resource, version, own)) paths.TryAdd(path, item);
        }
    }
}
