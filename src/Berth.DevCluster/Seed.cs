using System.Text.Json.Nodes;
using Berth.DevCluster.Access;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster;

/// <summary>What is there before the first request.</summary>
internal static class Seed
{
    public static void Apply(Cluster cluster, CustomResourceDefinitions definitions)
    {
        foreach (var ns in (ReadOnlySpan<string>)["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            Put(cluster, "", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = ns } });
            Put(cluster, "", "serviceaccounts", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = ns } });
        }
        RbacDefaults.Seed(cluster);
        ExtensionConfig(cluster);
        definitions.Sync();
    }

    // How aggregated API servers learn whom to trust.
    private static void ExtensionConfig(Cluster cluster) => Put(cluster, "", "configmaps", new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "extension-apiserver-authentication", ["namespace"] = "kube-system" },
        ["data"] = new JsonObject
        {
            ["client-ca-file"] = cluster.Credentials.Authority.Pem,
            ["requestheader-client-ca-file"] = cluster.Credentials.FrontProxy.Pem,
            ["requestheader-allowed-names"] = "[\"front-proxy-client\"]",
            ["requestheader-username-headers"] = "[\"X-Remote-User\"]",
            ["requestheader-group-headers"] = "[\"X-Remote-Group\"]",
            ["requestheader-extra-headers-prefix"] = "[\"X-Remote-Extra-\"]",
        },
    });

    /// <summary>The service by which pods of a real cluster find the API server.</summary>
    public static void ApiServerService(Cluster cluster, int port) => Put(cluster, "", "services", new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "kubernetes", ["namespace"] = "default", ["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" } },
        ["spec"] = new JsonObject
        {
            ["clusterIP"] = "10.96.0.1",
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = port }),
        },
    });

    /// <summary>Stores an object as the server itself, unless one of that name is there.</summary>
    public static void Put(Cluster cluster, string group, string plural, JsonObject source)
    {
        var resource = cluster.Registry.Get(group, plural);
        if (resource.Store.Find(StoredObject.KeyOf(source.Namespace(), source.Name())) is not null) return;
        source["kind"] = resource.Kind;
        source["apiVersion"] = resource.Storage.ApiVersion;
        var obj = KindCodec.Decode(resource, resource.Storage, source).Object;
        var metadata = obj.Meta();
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = cluster.Now();
        if (resource.Strategy.TracksGeneration) metadata["generation"] = 1;
        resource.Strategy.PrepareForCreate(obj);
        cluster.Store.Insert(resource.Store, new ObjectDraft(BuiltinCodec.Decode(obj, resource.Storage.Type).Object));
    }
}
