using Berth.DevCluster.Schema;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Resources;

/// <summary>The table of built-in resources.</summary>
internal static class BuiltinResources
{
    private static readonly string[] Status = ["status"];
    private static readonly string[] StatusScale = ["status", "scale"];

    private sealed record Row(string Group, string Version, string Plural, string Kind, bool Namespaced, string Short = "", string Categories = "",
        string[]? Sub = null, string Selectable = "", string Verbs = "", string TypeName = "");

    private static readonly Row[] Rows =
    [
        new("", "v1", "bindings", "Binding", true, Verbs: "create"),
        new("", "v1", "componentstatuses", "ComponentStatus", false, "cs", Verbs: "get,list"),
        new("", "v1", "configmaps", "ConfigMap", true, "cm"),
        new("", "v1", "endpoints", "Endpoints", true, "ep"),
        new("", "v1", "events", "Event", true, "ev", Selectable: "involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type"),
        new("", "v1", "limitranges", "LimitRange", true, "limits"),
        new("", "v1", "namespaces", "Namespace", false, "ns", Sub: ["finalize", "status"], Selectable: "status.phase"),
        new("", "v1", "nodes", "Node", false, "no", Sub: Status, Selectable: "spec.unschedulable"),
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, "pvc", Sub: Status),
        new("", "v1", "persistentvolumes", "PersistentVolume", false, "pv", Sub: Status),
        new("", "v1", "pods", "Pod", true, "po", "all", Sub: ["binding", "ephemeralcontainers", "eviction", "log", "resize", "status"],
            Selectable: "spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,status.phase,status.podIP,status.podIPs,status.nominatedNodeName"),
        new("", "v1", "podtemplates", "PodTemplate", true),
        new("", "v1", "replicationcontrollers", "ReplicationController", true, "rc", "all", StatusScale, "status.replicas"),
        new("", "v1", "resourcequotas", "ResourceQuota", true, "quota", Sub: Status),
        new("", "v1", "secrets", "Secret", true, Selectable: "type"),
        new("", "v1", "serviceaccounts", "ServiceAccount", true, "sa", Sub: ["token"]),
        new("", "v1", "services", "Service", true, "svc", "all", Sub: Status, Selectable: "spec.clusterIP,spec.type"),
        new("apps", "v1", "controllerrevisions", "ControllerRevision", true),
        new("apps", "v1", "daemonsets", "DaemonSet", true, "ds", "all", Status),
        new("apps", "v1", "deployments", "Deployment", true, "deploy", "all", StatusScale),
        new("apps", "v1", "replicasets", "ReplicaSet", true, "rs", "all", StatusScale, "status.replicas"),
        new("apps", "v1", "statefulsets", "StatefulSet", true, "sts", "all", StatusScale),
        new("batch", "v1", "cronjobs", "CronJob", true, "cj", "all", Status),
        new("batch", "v1", "jobs", "Job", true, "", "all", Status, "status.successful"),
        new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, "pdb", Sub: Status),
        new("coordination.k8s.io", "v1", "leases", "Lease", true),
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true),
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, "netpol"),
        new("networking.k8s.io", "v1", "ingresses", "Ingress", true, "ing", Sub: Status),
        new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false),
        new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, "pc"),
        new("networking.k8s.io", "v1", "ipaddresses", "IPAddress", false, "ip"),
        new("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", false, Sub: Status),
        new("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false),
        new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false, "sc"),
        new("storage.k8s.io", "v1", "csidrivers", "CSIDriver", false),
        new("storage.k8s.io", "v1", "csinodes", "CSINode", false),
        new("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity", true),
        new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", false, Sub: Status),
        new("storage.k8s.io", "v1", "volumeattributesclasses", "VolumeAttributesClass", false, "vac"),
        new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true, "hpa", "all", Status),
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false),
        new("rbac.authorization.k8s.io", "v1", "roles", "Role", true),
        new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true),
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false, "", "api-extensions"),
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false, "", "api-extensions", Status),
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false, "", "api-extensions"),
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false, "", "api-extensions"),
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, "crd,crds", "api-extensions", Status),
        new("apiregistration.k8s.io", "v1", "apiservices", "APIService", false, "", "api-extensions", Status, "spec.service.name,spec.service.namespace"),
        new("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false, Verbs: "create"),
        new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false, Verbs: "create"),
        new("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", true, Verbs: "create"),
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false, Verbs: "create"),
        new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false, Verbs: "create"),
        new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false, Verbs: "create"),
    ];

    private const string EventSelectable = "regarding.kind,regarding.namespace,regarding.name,regarding.uid,regarding.apiVersion,regarding.resourceVersion,regarding.fieldPath,reason,reportingController,type";

    public static IEnumerable<ApiResource> All(ObjectStore store)
    {
        foreach (var row in Rows) yield return Resource(row, store);
        yield return EventsGroup(store);
    }

    private static ApiResource Resource(Row row, ObjectStore store)
    {
        var version = Version(row);
        return new ApiResource
        {
            Group = row.Group,
            Plural = row.Plural,
            Singular = row.Kind.ToLowerInvariant(),
            Kind = row.Kind,
            Namespaced = row.Namespaced,
            Versions = [version],
            Storage = version,
            ShortNames = Split(row.Short),
            Categories = Split(row.Categories),
            OnlyVerbs = Split(row.Verbs),
            Virtual = row.Verbs.Length > 0,
            Store = store.Resource(row.Group.Length == 0 ? row.Plural : $"{row.Group}/{row.Plural}"),
            Strategy = Strategies.Strategies.For(row.Group, row.Plural, row.Sub?.Contains("status") == true),
        };
    }

    // events.k8s.io/v1 shows the same stored objects as core/v1, under other field names.
    private static ApiResource EventsGroup(ObjectStore store)
    {
        var row = new Row("events.k8s.io", "v1", "events", "Event", true, "ev", Selectable: EventSelectable);
        var version = Version(row);
        var stored = Version(Rows.First(r => r.Plural == "events"));
        return new ApiResource
        {
            Group = row.Group,
            Plural = row.Plural,
            Singular = "event",
            Kind = "Event",
            Namespaced = true,
            Versions = [version],
            Storage = stored,
            ShortNames = ["ev"],
            Store = store.Resource("events"),
            Strategy = Strategies.Strategies.For("events.k8s.io", "events", false),
        };
    }

    private static ServedVersion Version(Row row) => new()
    {
        Group = row.Group,
        Name = row.Version,
        Type = BuiltinTypes.Get($"{TypeGroup(row.Group)}/{row.Version}.{row.Kind}"),
        Subresources = [.. (row.Sub ?? []).Select(s => Sub(s, row))],
        Scale = row.Sub?.Contains("scale") == true ? new ScalePaths(".spec.replicas", ".status.replicas", null) : null,
        SelectableFields = Split(row.Selectable),
    };

    private static Subresource Sub(string name, Row row) => name switch
    {
        "scale" => new(name, "Scale", "autoscaling", "v1", "get", "patch", "update"),
        "token" => new(name, "TokenRequest", "authentication.k8s.io", "v1", "create"),
        "binding" => new(name, "Binding", "", "", "create"),
        "eviction" => new(name, "Eviction", "policy", "v1", "create"),
        "log" => new(name, "Pod", "", "", "get"),
        "finalize" => new(name, "Namespace", "", "", "update"),
        _ => new(name, row.Kind, "", "", "get", "patch", "update"),
    };

    private static string TypeGroup(string group) => group.Length == 0 ? "core" : group.Split('.')[0];

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
