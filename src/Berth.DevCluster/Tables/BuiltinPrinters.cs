using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Tables;

/// <summary>Printers of built-in kinds.</summary>
internal static class BuiltinPrinters
{
    private static readonly Dictionary<(string Group, string Plural), Printer> Known = new()
    {
        [("", "pods")] = PodPrinter.Printer,
        [("", "nodes")] = NodePrinter.Printer,
        [("", "events")] = EventPrinter.Printer,
        [("events.k8s.io", "events")] = EventPrinter.Printer,
        [("", "namespaces")] = Of("Status", o => o.Text("status", "phase")),
        [("", "configmaps")] = Of("Data", o => (o.Object("data")?.Count ?? 0) + (o.Object("binaryData")?.Count ?? 0)),
        [("", "secrets")] = Of("Type,Data", o => o.Text("type"), o => o.Object("data")?.Count ?? 0),
        [("", "serviceaccounts")] = Of(""),
        [("", "services")] = Wide("Type,Cluster-IP,External-IP,Port(s)", ["Selector"],
            o => o.Text("spec", "type"), o => o.Text("spec", "clusterIP") is { Length: > 0 } ip ? ip : "<none>", _ => "<none>", Ports, o => Labels(o.Object("spec", "selector"))),
        [("", "endpoints")] = Of("Endpoints", Addresses),
        [("", "persistentvolumeclaims")] = Wide("Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass", ["VolumeMode"],
            o => o.Text("status", "phase"), o => o.TextOr("", "spec", "volumeName"), o => o.TextOr("", "status", "capacity", "storage"),
            o => string.Join(",", o.Strings("status", "accessModes")), o => o.TextOr("", "spec", "storageClassName"), _ => "<unset>", o => o.TextOr("<unset>", "spec", "volumeMode")),
        [("", "resourcequotas")] = Of("Request,Limit", o => Quota(o, limits: false), o => Quota(o, limits: true)),
        [("apps", "deployments")] = Wide("Ready,Up-to-date,Available", ["Containers", "Images", "Selector"],
            o => $"{o.Number("status", "readyReplicas") ?? 0}/{o.Number("spec", "replicas") ?? 0}", o => o.Number("status", "updatedReplicas") ?? 0,
            o => o.Number("status", "availableReplicas") ?? 0, o => Containers(o, "name"), o => Containers(o, "image"), Selector),
        [("apps", "replicasets")] = Wide("Desired:integer,Current:integer,Ready:integer", ["Containers", "Images", "Selector"],
            o => o.Number("spec", "replicas") ?? 0, o => o.Number("status", "replicas") ?? 0, o => o.Number("status", "readyReplicas") ?? 0,
            o => Containers(o, "name"), o => Containers(o, "image"), Selector),
        [("apps", "statefulsets")] = Wide("Ready", ["Containers", "Images"],
            o => $"{o.Number("status", "readyReplicas") ?? 0}/{o.Number("spec", "replicas") ?? 0}", o => Containers(o, "name"), o => Containers(o, "image")),
        [("apps", "daemonsets")] = Wide("Desired:integer,Current:integer,Ready:integer,Up-to-date:integer,Available:integer,Node Selector", ["Containers", "Images", "Selector"],
            o => o.Number("status", "desiredNumberScheduled") ?? 0, o => o.Number("status", "currentNumberScheduled") ?? 0, o => o.Number("status", "numberReady") ?? 0,
            o => o.Number("status", "updatedNumberScheduled") ?? 0, o => o.Number("status", "numberAvailable") ?? 0,
            o => Labels(o.Object("spec", "template", "spec", "nodeSelector")), o => Containers(o, "name"), o => Containers(o, "image"), Selector),
        [("batch", "jobs")] = JobPrinter.Printer,
        [("policy", "poddisruptionbudgets")] = Of("Min Available,Max Unavailable,Allowed Disruptions:integer",
            o => Shown(o.At("spec", "minAvailable")), o => Shown(o.At("spec", "maxUnavailable")), o => o.Number("status", "disruptionsAllowed") ?? 0),
        [("coordination.k8s.io", "leases")] = Of("Holder", o => o.TextOr("", "spec", "holderIdentity")),
        [("networking.k8s.io", "networkpolicies")] = Of("Pod-Selector", o => Labels(o.Object("spec", "podSelector", "matchLabels"))),
        [("scheduling.k8s.io", "priorityclasses")] = new([Column("Value", "integer"), Column("Global-Default", "boolean"), Printers.AgeColumn, Column("PreemptionPolicy")],
            (o, time) => [o.Number("value") ?? 0, o.Flag("globalDefault") == true, Age.Since(o.Text("metadata", "creationTimestamp"), time), o.TextOr("", "preemptionPolicy")]),
        [("rbac.authorization.k8s.io", "roles")] = Created(),
        [("rbac.authorization.k8s.io", "clusterroles")] = Created(),
        [("rbac.authorization.k8s.io", "rolebindings")] = Wide("Role", ["Users", "Groups", "ServiceAccounts"], Role, o => Subjects(o, "User"), o => Subjects(o, "Group"), o => Subjects(o, "ServiceAccount")),
        [("rbac.authorization.k8s.io", "clusterrolebindings")] = Wide("Role", ["Users", "Groups", "ServiceAccounts"], Role, o => Subjects(o, "User"), o => Subjects(o, "Group"), o => Subjects(o, "ServiceAccount")),
        [("apiextensions.k8s.io", "customresourcedefinitions")] = Created(),
        [("apiregistration.k8s.io", "apiservices")] = Of("Service,Available",
            o => o.Object("spec", "service") is { } s ? $"{s.Text("namespace")}/{s.Text("name")}" : "Local",
            o => o.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Available") is { } c ? c.Text("status") == "True" ? "True" : $"{c.Text("status")} ({c.Text("reason")})" : "Unknown"),
        [("admissionregistration.k8s.io", "validatingadmissionpolicies")] = Of("Validations:integer,ParamKind",
            o => o.Array("spec", "validations")?.Count ?? 0, o => o.Object("spec", "paramKind") is { } p ? $"{p.Text("apiVersion")}/{p.Text("kind")}" : "<unset>"),
        [("admissionregistration.k8s.io", "validatingadmissionpolicybindings")] = Of("PolicyName,ParamRef",
            o => o.Text("spec", "policyName"), o => o.Object("spec", "paramRef") is { } p ? p.TextOr("*", "name") : "<unset>"),
        [("discovery.k8s.io", "endpointslices")] = Of("AddressType,Ports,Endpoints",
            o => o.Text("addressType"), o => string.Join(",", o.Objects("ports").Select(p => p["port"].ScalarText())),
            o => string.Join(",", o.Objects("endpoints").SelectMany(e => e.Strings("addresses")))),
    };

    public static Printer? Find(string group, string plural) => Known.GetValueOrDefault((group, plural));

    public static PrinterColumn Column(string name, string type = "string", long priority = 0, string description = "") => new(name, type, "", "", description, priority);

    private static Printer Of(string columns, params Func<JsonObject, JsonNode?>[] cells) => Wide(columns, [], cells);

    // Plain columns, then the age, then those of -o wide.
    private static Printer Wide(string columns, string[] wide, params Func<JsonObject, JsonNode?>[] cells)
    {
        var plain = columns.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(c => Column(c.Split(':')[0], c.Contains(':', StringComparison.Ordinal) ? c.Split(':')[1] : "string")).ToList();
        return new Printer([.. plain, Printers.AgeColumn, .. wide.Select(w => Column(w, priority: 1))],
            (o, time) => [.. cells.Take(plain.Count).Select(c => c(o)), Age.Since(o.Text("metadata", "creationTimestamp"), time), .. cells.Skip(plain.Count).Select(c => c(o))]);
    }

    private static Printer Created() => new([Column("Created At", "date", description: Printers.AgeDescription)], (o, _) => [o.Text("metadata", "creationTimestamp")]);

    public static string Labels(JsonObject? labels) =>
        labels is null or { Count: 0 } ? "<none>" : string.Join(",", labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value.Text()}"));

    private static JsonNode? Selector(JsonObject obj) => Labels(obj.Object("spec", "selector", "matchLabels"));

    public static string Containers(JsonObject obj, string field) => string.Join(",", obj.Objects("spec", "template", "spec", "containers").Select(c => c.Text(field)));

    private static JsonNode? Role(JsonObject obj) => $"{obj.Text("roleRef", "kind")}/{obj.Text("roleRef", "name")}";

    private static string Subjects(JsonObject obj, string kind) => string.Join(", ", obj.Objects("subjects").Where(s => s.Text("kind") == kind)
        .Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name")));

    private static JsonNode? Shown(JsonNode? value) => value is null ? "N/A" : value.ScalarText();

    private static JsonNode? Ports(JsonObject obj) => string.Join(",", obj.Objects("spec", "ports").Select(p =>
        p.Number("nodePort") is > 0 and var node ? $"{p.Number("port")}:{node}/{p.Text("protocol")}" : $"{p.Number("port")}/{p.Text("protocol")}")) is { Length: > 0 } text ? text : "<none>";

    private static JsonNode? Addresses(JsonObject obj)
    {
        var all = obj.Objects("subsets").SelectMany(s => s.Objects("addresses").SelectMany(a => s.Objects("ports").Select(p => $"{a.Text("ip")}:{p.Number("port")}"))).ToList();
        return all.Count == 0 ? "<none>" : string.Join(",", all);
    }

    private static JsonNode? Quota(JsonObject obj, bool limits) => string.Join(", ", (obj.Object("status", "hard") ?? obj.Object("spec", "hard") ?? [])
        .Where(h => h.Key.StartsWith("limits", StringComparison.Ordinal) == limits).Select(h => $"{h.Key}: {obj.TextOr("0", "status", "used", h.Key)}/{h.Value.Text()}"));
}
