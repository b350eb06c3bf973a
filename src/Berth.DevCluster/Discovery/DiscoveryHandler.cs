using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Aggregation;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Discovery;

/// <summary>Tells which groups, versions and resources there are: the plain way and aggregated.</summary>
internal sealed class DiscoveryHandler(Cluster cluster, AggregatedApis aggregated)
{
    private static readonly string[] BuiltinVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    private static readonly string[] CustomVerbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    // Groups that only speak a kind, such as Scale, have no resources of their own and are not listed.
    private static readonly string[] GroupOrder =
    [
        "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
        "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
        "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io",
    ];

    /// <summary>True when the path was one of discovery's.</summary>
    public async Task<bool> TryHandle(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["api"] or ["apis"] && WantsAggregated(http) is { } format)
        {
            var body = Aggregated(core: parts[0] == "api");
            await WriteAggregated(http, JsonText.Bytes(body), format);
            return true;
        }
        JsonObject? answer = parts switch
        {
            ["api"] => CoreVersions(http),
            ["apis"] => new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(g => (JsonNode)Group(g))]) },
            ["api", "v1"] => ResourceList("", "v1"),
            ["apis", var group] when Groups().Contains(group) => GroupAlone(group),
            ["apis", var group, var version] => ResourceList(group, version),
            _ => null,
        };
        if (answer is null) return false;
        await Responses.Json(http, 200, answer);
        return true;
    }

    private IEnumerable<string> Groups()
    {
        var served = cluster.Registry.All.Select(r => r.Group).Concat(aggregated.All.Select(s => s.Group)).Where(g => g.Length > 0).ToHashSet();
        return GroupOrder.Where(served.Contains).Concat(served.Except(GroupOrder).Order(StringComparer.Ordinal));
    }

    private IReadOnlyList<string> VersionsOf(string group) =>
        [.. cluster.Registry.All.Where(r => r.Group == group).SelectMany(r => r.Versions).Select(v => v.Name).Concat(aggregated.All.Where(s => s.Group == group).Select(s => s.Version)).Distinct().OrderDescending(KubernetesVersionOrder.Instance)];

    private static JsonObject CoreVersions(HttpContext http) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = $"127.0.0.1:{http.Connection.LocalPort}" }),
    };

    private JsonObject Group(string group)
    {
        var versions = VersionsOf(group).Select(v => new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v }).ToList();
        return new JsonObject { ["name"] = group, ["versions"] = new JsonArray([.. versions]), ["preferredVersion"] = versions[0].DeepClone() };
    }

    private JsonObject GroupAlone(string group)
    {
        var body = new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach (var (key, value) in Group(group)) body[key] = value?.DeepClone();
        return body;
    }

    private JsonObject? ResourceList(string group, string version)
    {
        var resources = cluster.Registry.All.Where(r => r.Group == group && r.Version(version) is not null).ToList();
        if (resources.Count == 0) return null;
        var list = new JsonArray();
        foreach (var resource in resources)
        {
            list.Add((JsonNode)Resource(resource, version));
            foreach (var sub in resource.Version(version)!.Subresources) list.Add((JsonNode)Subresource(resource, sub));
        }
        var body = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0) body["apiVersion"] = "v1";
        body["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}";
        body["resources"] = list;
        return body;
    }

    private static JsonObject Resource(ApiResource resource, string version)
    {
        var entry = new JsonObject
        {
            ["name"] = resource.Plural,
            ["singularName"] = resource.Singular,
            ["namespaced"] = resource.Namespaced,
            ["kind"] = resource.Kind,
            ["verbs"] = Verbs(resource).ToJson(),
        };
        if (resource.ShortNames.Count > 0) entry["shortNames"] = resource.ShortNames.ToJson();
        if (resource.Categories.Count > 0) entry["categories"] = resource.Categories.ToJson();
        if (!resource.Virtual) entry["storageVersionHash"] = StorageHash(resource);
        return entry;
    }

    private static JsonObject Subresource(ApiResource resource, Subresource sub)
    {
        var entry = new JsonObject { ["name"] = $"{resource.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = resource.Namespaced };
        if (sub.Group.Length > 0)
        {
            entry["group"] = sub.Group;
            entry["version"] = sub.Version;
        }
        entry["kind"] = sub.Kind;
        entry["verbs"] = sub.Verbs.ToJson();
        return entry;
    }

    private static IEnumerable<string> Verbs(ApiResource resource) =>
        resource is { Group: "", Plural: "namespaces" } ? BuiltinVerbs.Where(v => v != "deletecollection") : resource.OnlyVerbs.Count > 0 ? resource.OnlyVerbs : resource.Custom is not null ? CustomVerbs : BuiltinVerbs;

    private static string StorageHash(ApiResource resource)
    {
        var id = $"{resource.Storage.Group}/{resource.Storage.Name}/{resource.Kind}";
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8));
    }

    // The newest form the client accepts, if it asks for the aggregated one before the plain one.
    private static string? WantsAggregated(HttpContext http)
    {
        foreach (var accept in http.Request.Headers.Accept.ToString().Split(','))
        {
            if (accept.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) && accept.Contains("application/json", StringComparison.Ordinal))
            {
                if (accept.Contains("v=v2beta1", StringComparison.Ordinal)) return "v2beta1";
                if (accept.Contains("v=v2", StringComparison.Ordinal)) return "v2";
            }
        }
        return null;
    }

    private static async Task WriteAggregated(HttpContext http, byte[] body, string version)
    {
        var etag = $"\"{Convert.ToHexString(SHA256.HashData(body))}\"";
        http.Response.Headers.ETag = etag;
        http.Response.Headers.Vary = "Accept";
        if (http.Request.Headers.IfNoneMatch == etag)
        {
            http.Response.StatusCode = 304;
            return;
        }
        if (version == "v2beta1") body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("apidiscovery.k8s.io/v2\"", "apidiscovery.k8s.io/v2beta1\"", StringComparison.Ordinal));
        http.Response.StatusCode = 200;
        http.Response.ContentType = $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private JsonObject Aggregated(bool core)
    {
        var groups = core ? [""] : Groups();
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(g => (JsonNode)AggregatedGroup(g))]),
        };
    }

    private JsonObject AggregatedGroup(string group)
    {
        var metadata = new JsonObject();
        if (group.Length > 0) metadata["name"] = group;
        var versions = (group.Length == 0 ? ["v1"] : VersionsOf(group)).Select(v => (JsonNode)new JsonObject
        {
            ["version"] = v,
            ["freshness"] = "Current",
            ["resources"] = aggregated.Find(group, v) is { } service ? AggregatedDiscovery.Resources(aggregated.Resources(service), group, v)
                : new JsonArray([.. cluster.Registry.All.Where(r => r.Group == group && r.Version(v) is not null).Select(r => (JsonNode)AggregatedResource(r, r.Version(v)!))]),
        });
        return new JsonObject { ["metadata"] = metadata, ["versions"] = new JsonArray([.. versions]) };
    }

    private static JsonObject AggregatedResource(ApiResource resource, ServedVersion version)
    {
        var entry = new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = Kind(version.Group, version.Name, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Verbs(resource).ToJson(),
        };
        if (resource.ShortNames.Count > 0) entry["shortNames"] = resource.ShortNames.ToJson();
        if (resource.Categories.Count > 0) entry["categories"] = resource.Categories.ToJson();
        if (version.Subresources.Count > 0)
        {
            entry["subresources"] = new JsonArray([.. version.Subresources.Select(s => (JsonNode)new JsonObject
            {
                ["subresource"] = s.Name,
                ["responseKind"] = s.Group.Length > 0 ? Kind(s.Group, s.Version, s.Kind) : Kind(version.Group, version.Name, s.Kind),
                ["verbs"] = s.Verbs.ToJson(),
            })]);
        }
        return entry;
    }

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };
}
