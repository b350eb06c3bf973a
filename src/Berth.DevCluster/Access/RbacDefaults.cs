using System.Text.Json.Nodes;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Json;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Access;

/// <summary>The roles every cluster has, and the aggregation of those that are made of others.</summary>
internal static class RbacDefaults
{
    private const string Group = "rbac.authorization.k8s.io";
    private const string AggregatePrefix = "rbac.authorization.k8s.io/aggregate-to-";

    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = ["create", "delete", "deletecollection", "patch", "update"];
    private static readonly string[] Core = ["configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers", "serviceaccounts", "services", "resourcequotas", "limitranges", "namespaces"];

    public static void Seed(Cluster cluster)
    {
        Role(cluster, "cluster-admin", [Rule(["*"], ["*"], ["*"]), new JsonObject { ["nonResourceURLs"] = new JsonArray("*"), ["verbs"] = new JsonArray("*") }]);
        Role(cluster, "system:discovery", [Paths("get", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/")]);
        Role(cluster, "system:public-info-viewer", [Paths("get", "/healthz", "/livez", "/readyz", "/version", "/version/")]);
        Role(cluster, "system:basic-user",
        [
            Rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
            Rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
        ]);
        Role(cluster, "system:auth-delegator",
            [Rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]), Rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"])]);
        Aggregated(cluster, "view", [Rule([""], Core, Read), Rule(["apps", "batch", "policy", "networking.k8s.io", "autoscaling", "discovery.k8s.io"], ["*"], Read)]);
        Aggregated(cluster, "edit", [Rule([""], [.. Core.Except(["namespaces", "resourcequotas", "limitranges", "pods/log", "pods/status"]), "secrets", "pods/eviction", "serviceaccounts/token"], [.. Read, .. Write]),
            Rule(["apps", "batch", "policy", "networking.k8s.io", "autoscaling"], ["*"], [.. Read, .. Write]), Rule(["coordination.k8s.io"], ["leases"], [.. Read, .. Write])]);
        Aggregated(cluster, "admin", [Rule([Group], ["roles", "rolebindings"], [.. Read, .. Write]), Rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"])]);
        // By this role aggregated API servers learn whom to trust.
        var reader = Object("extension-apiserver-authentication-reader");
        reader["metadata"]!["namespace"] = "kube-system";
        reader["rules"] = new JsonArray(new JsonObject { ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray("configmaps"), ["resourceNames"] = new JsonArray("extension-apiserver-authentication"), ["verbs"] = Read.ToJson() });
        Store(cluster, "roles", reader);
        Bind(cluster, "cluster-admin", "cluster-admin", "system:masters");
        foreach (var name in (ReadOnlySpan<string>)["system:discovery", "system:basic-user", "system:public-info-viewer"]) Bind(cluster, name, name, "system:authenticated");
        Aggregate(cluster);
    }

    /// <summary>Fills the rules of every role that is an aggregate of others.</summary>
    public static void Aggregate(Cluster cluster)
    {
        var resource = cluster.Registry.Get(Group, "clusterroles");
        // An aggregate may be part of another one: edit is part of admin.
        for (var round = 0; round < 3; round++)
        {
            foreach (var stored in resource.Store.Current)
            {
                if (stored.Json.Span.IndexOf("\"aggregationRule\""u8) < 0) continue;
                var role = stored.Parse();
                var selectors = role.Objects("aggregationRule", "clusterRoleSelectors").Select(LabelSelector.From).ToList();
                var rules = resource.Store.Current.Where(r => r.Name != stored.Name && selectors.Exists(s => s.Matches(r.Labels())))
                    .SelectMany(r => r.Parse().Objects("rules")).Select(r => r.DeepClone()).ToArray();
                var next = new JsonArray([.. rules]);
                if (JsonNode.DeepEquals(next, role["rules"])) continue;
                role["rules"] = next;
                cluster.Store.Replace(resource.Store, stored, new ObjectDraft(KindCodec.Ordered(resource, resource.Storage, role)));
            }
        }
    }

    private static void Aggregated(Cluster cluster, string name, JsonObject[] rules)
    {
        Role(cluster, "system:aggregate-to-" + name, rules, (AggregatePrefix + name, "true"));
        var labels = name switch { "view" => new (string, string)[] { (AggregatePrefix + "edit", "true") }, "edit" => [(AggregatePrefix + "admin", "true")], _ => [] };
        var role = Object(name, labels);
        role["aggregationRule"] = new JsonObject
        {
            ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [AggregatePrefix + name] = "true" } }),
        };
        Store(cluster, "clusterroles", role);
    }

    private static void Role(Cluster cluster, string name, JsonObject[] rules, params (string, string)[] labels)
    {
        var role = Object(name, labels);
        role["rules"] = new JsonArray([.. rules]);
        Store(cluster, "clusterroles", role);
    }

    private static void Bind(Cluster cluster, string name, string role, string group)
    {
        var binding = Object(name);
        binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = "Group", ["apiGroup"] = Group, ["name"] = group });
        binding["roleRef"] = new JsonObject { ["apiGroup"] = Group, ["kind"] = "ClusterRole", ["name"] = role };
        Store(cluster, "clusterrolebindings", binding);
    }

    private static void Store(Cluster cluster, string plural, JsonObject obj) => Berth.DevCluster.Seed.Put(cluster, Group, plural, obj);

    private static JsonObject Object(string name, params (string Key, string Value)[] labels)
    {
        var all = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        foreach (var (key, value) in labels) all[key] = value;
        return new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = all } };
    }

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs) =>
        new() { ["apiGroups"] = groups.ToJson(), ["resources"] = resources.ToJson(), ["verbs"] = verbs.ToJson() };

    private static JsonObject Paths(string verb, params string[] paths) => new() { ["nonResourceURLs"] = paths.ToJson(), ["verbs"] = new JsonArray(verb) };
}
