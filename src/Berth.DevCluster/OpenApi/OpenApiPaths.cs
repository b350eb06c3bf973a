using System.Text.Json.Nodes;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.OpenApi;

/// <summary>The operations of a resource, with what clients look for: kind, action, query parameters and media types.</summary>
internal static class OpenApiPaths
{
    private static readonly string[] ListParameters =
        ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"];

    public static IEnumerable<KeyValuePair<string, JsonNode?>> Of(ApiResource resource, ServedVersion version, JsonObject schema)
    {
        var root = resource.Group.Length == 0 ? "/api/" + version.Name : $"/apis/{resource.Group}/{version.Name}";
        var collection = root + (resource.Namespaced ? "/namespaces/{namespace}/" : "/") + resource.Plural;
        var item = collection + "/{name}";
        JsonObject Body(params string[] media) => new() { ["content"] = new JsonObject(media.Select(m => KeyValuePair.Create(m, (JsonNode?)new JsonObject { ["schema"] = schema.DeepClone() }))), ["required"] = true };
        JsonObject Operation(string action, IEnumerable<string> query, JsonObject? body = null) => Describe(resource, version, schema, action, query, body);
        string[] patches = resource.Custom is not null
            ? ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
            : ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];
        string[] write = ["dryRun", "fieldManager", "fieldValidation"];

        var all = new JsonObject { ["post"] = Operation("post", write, Body("*/*")) };
        if (!resource.Virtual)
        {
            all["get"] = Operation("list", ListParameters);
            all["delete"] = Operation("deletecollection", ListParameters);
        }
        all["parameters"] = Parameters(resource, named: false);
        yield return new(collection, all);
        if (resource.Virtual) yield break;
        yield return new(item, new JsonObject
        {
            ["get"] = Operation("get", []),
            ["put"] = Operation("put", write, Body("*/*")),
            ["patch"] = Operation("patch", [.. write, "force"], Body(patches)),
            ["delete"] = Operation("delete", ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"]),
            ["parameters"] = Parameters(resource, named: true),
        });
        if (resource.Namespaced) yield return new($"{root}/{resource.Plural}", new JsonObject { ["get"] = Operation("list", ListParameters) });
        foreach (var sub in version.Subresources.Where(s => s.Verbs.Contains("patch")))
        {
            yield return new($"{item}/{sub.Name}", new JsonObject
            {
                ["get"] = Operation("get", []),
                ["put"] = Operation("put", write, Body("*/*")),
                ["patch"] = Operation("patch", [.. write, "force"], Body(patches)),
                ["parameters"] = Parameters(resource, named: true),
            });
        }
    }

    private static JsonObject Describe(ApiResource resource, ServedVersion version, JsonObject schema, string action, IEnumerable<string> query, JsonObject? body)
    {
        var verb = action switch { "post" => "create", "put" => "replace", "get" => "read", _ => action };
        var operation = new JsonObject
        {
            ["description"] = $"{verb} {resource.Kind}",
            ["operationId"] = $"{verb}{Title(resource.Group.Split('.')[0])}{Title(version.Name)}{(resource.Namespaced ? "Namespaced" : "")}{resource.Kind}",
            ["parameters"] = new JsonArray([.. query.Select(q => (JsonNode)new JsonObject { ["name"] = q, ["in"] = "query", ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true } })]),
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "OK", ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema.DeepClone() } } },
            },
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = resource.Group, ["version"] = version.Name, ["kind"] = resource.Kind },
        };
        if (body is not null) operation["requestBody"] = body;
        return operation;
    }

    private static JsonArray Parameters(ApiResource resource, bool named)
    {
        var names = new List<string>();
        if (named) names.Add("name");
        if (resource.Namespaced) names.Add("namespace");
        return new JsonArray([.. names.Select(n => (JsonNode)new JsonObject
        {
            ["name"] = n, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
        })]);
    }

    private static string Title(string text) => text.Length == 0 ? "Core" : char.ToUpperInvariant(text[0]) + text[1..];
}
