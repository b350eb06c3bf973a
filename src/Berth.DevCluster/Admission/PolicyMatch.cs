using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Selecting;

namespace Berth.DevCluster.Admission;

/// <summary>Which requests a policy or a binding is about.</summary>
internal static class PolicyMatch
{
    public static bool Matches(JsonObject? constraints, AdmissionRequest request, Cluster cluster)
    {
        if (constraints is null) return true;
        if (constraints.Array("resourceRules") is { Count: > 0 } && !constraints.Objects("resourceRules").Any(r => Rule(r, request))) return false;
        if (constraints.Objects("excludeResourceRules").Any(r => Rule(r, request))) return false;
        return Namespace(constraints.Object("namespaceSelector"), request, cluster) && Object(constraints.Object("objectSelector"), request);
    }

    /// <summary>The request as expressions see it.</summary>
    public static JsonObject Describe(AdmissionRequest request)
    {
        var (target, info) = (request.Target, request.Request.Info);
        JsonObject Kind() => new() { ["group"] = info.Group, ["version"] = info.Version, ["kind"] = target.Resource.Kind };
        JsonObject Resource() => new() { ["group"] = info.Group, ["version"] = info.Version, ["resource"] = target.Resource.Plural };
        var described = new JsonObject
        {
            ["kind"] = Kind(),
            ["resource"] = Resource(),
            ["requestKind"] = Kind(),
            ["requestResource"] = Resource(),
            ["operation"] = request.Operation,
            ["userInfo"] = request.Request.User.ToJson(),
            ["dryRun"] = request.Request.DryRun,
        };
        if (NameOf(request) is { Length: > 0 } name) described["name"] = name;
        if (target.Namespace.Length > 0) described["namespace"] = target.Namespace;
        if (target.Subresource.Length > 0)
        {
            described["subResource"] = target.Subresource;
            described["requestSubResource"] = target.Subresource;
        }
        return described;
    }

    public static string NameOf(AdmissionRequest request)
    {
        if (request.Target.Name.Length > 0) return request.Target.Name;
        if (request.Object?.Name() is { Length: > 0 } name) return name;
        return request.Object.Text("metadata", "generateName") ?? "";
    }

    private static bool Rule(JsonObject rule, AdmissionRequest request)
    {
        var resource = request.Target.Resource;
        var names = rule.Strings("resourceNames").ToList();
        if (names.Count > 0 && !names.Contains(NameOf(request))) return false;
        return Contains(rule, "operations", request.Operation) && Contains(rule, "apiGroups", resource.Group)
            && Contains(rule, "apiVersions", request.Target.Version.Name) && rule.Strings("resources").Any(r => Resource(r, request))
            && rule.TextOr("*", "scope") switch { "Namespaced" => resource.Namespaced, "Cluster" => !resource.Namespaced, _ => true };
    }

    private static bool Contains(JsonObject rule, string field, string value) => rule.Strings(field).Any(v => v == "*" || v == value);

    private static bool Resource(string pattern, AdmissionRequest request)
    {
        var (name, sub) = (request.Target.Resource.Plural, request.Target.Subresource);
        var parts = pattern.Split('/');
        var (wantedName, wantedSub) = (parts[0], parts.Length > 1 ? parts[1] : "");
        return (wantedName == "*" || wantedName == name) && (wantedSub == sub || wantedSub == "*");
    }

    private static bool Namespace(JsonObject? selector, AdmissionRequest request, Cluster cluster)
    {
        if (selector is null || selector.Count == 0) return true;
        var resource = request.Target.Resource;
        if (!resource.Namespaced)
            return resource is not { Group: "", Plural: "namespaces" } || LabelSelector.From(selector).Matches((request.Object ?? request.Old).Object("metadata", "labels"));
        var ns = cluster.Registry.Get("", "namespaces").Store.Find(request.Target.Namespace);
        return LabelSelector.From(selector).Matches(ns?.Labels());
    }

    private static bool Object(JsonObject? selector, AdmissionRequest request)
    {
        if (selector is null || selector.Count == 0) return true;
        var labels = LabelSelector.From(selector);
        return (request.Object is { } obj && labels.Matches(obj.Object("metadata", "labels"))) || (request.Old is { } old && labels.Matches(old.Object("metadata", "labels")));
    }
}
