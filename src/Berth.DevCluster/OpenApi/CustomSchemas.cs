using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.OpenApi;

/// <summary>Schemas of custom kinds: the definition's own, with apiVersion, kind and metadata in their standard form.</summary>
internal static class CustomSchemas
{
    public static JsonObject Of(ServedVersion version, BuiltinSchemas builtin)
    {
        var schema = version.Schema?.Source.Clone() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        Publish(schema);
        var properties = schema.Ensure("properties");
        properties["apiVersion"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
        };
        properties["kind"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
        };
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
            ["allOf"] = new JsonArray(builtin.Reference(BuiltinTypes.ObjectMeta)),
        };
        return schema;
    }

    // Clients that do not know int-or-string find the two types spelled out.
    private static void Publish(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o:
                if (o.Flag("x-kubernetes-int-or-string") == true) o.Default("anyOf", new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }));
                foreach (var (_, child) in o.ToList()) Publish(child);
                break;
            case JsonArray list:
                foreach (var child in list) Publish(child);
                break;
        }
    }
}
