using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Kubernetes;

/// <summary>Descriptors of the built-in kinds that come with the library, and of kinds known only at run time.</summary>
public static class Resources
{
    /// <summary>Pods.</summary>
    public static ResourceType<Pod> Pods { get; } = Of("", "v1", "pods", "Pod", true, KubernetesJson.Default.Pod);

    /// <summary>Nodes.</summary>
    public static ResourceType<Node> Nodes { get; } = Of("", "v1", "nodes", "Node", false, KubernetesJson.Default.Node);

    /// <summary>Namespaces.</summary>
    public static ResourceType<Namespace> Namespaces { get; } = Of("", "v1", "namespaces", "Namespace", false, KubernetesJson.Default.Namespace);

    /// <summary>ConfigMaps.</summary>
    public static ResourceType<ConfigMap> ConfigMaps { get; } = Of("", "v1", "configmaps", "ConfigMap", true, KubernetesJson.Default.ConfigMap);

    /// <summary>Secrets.</summary>
    public static ResourceType<Secret> Secrets { get; } = Of("", "v1", "secrets", "Secret", true, KubernetesJson.Default.Secret);

    /// <summary>Services.</summary>
    public static ResourceType<Service> Services { get; } = Of("", "v1", "services", "Service", true, KubernetesJson.Default.Service);

    /// <summary>Service accounts.</summary>
    public static ResourceType<ServiceAccount> ServiceAccounts { get; } = Of("", "v1", "serviceaccounts", "ServiceAccount", true, KubernetesJson.Default.ServiceAccount);

    /// <summary>Leases.</summary>
    public static ResourceType<Lease> Leases { get; } = Of("coordination.k8s.io", "v1", "leases", "Lease", true, KubernetesJson.Default.Lease);

    /// <summary>Events of group events.k8s.io.</summary>
    public static ResourceType<Event> Events { get; } = Of("events.k8s.io", "v1", "events", "Event", true, KubernetesJson.Default.Event);

    /// <summary>Pod disruption budgets.</summary>
    public static ResourceType<PodDisruptionBudget> PodDisruptionBudgets { get; } =
        Of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, KubernetesJson.Default.PodDisruptionBudget);

    /// <summary>Token reviews: created, never stored.</summary>
    public static ResourceType<TokenReview> TokenReviews { get; } = Of("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false, KubernetesJson.Default.TokenReview);

    /// <summary>Subject access reviews: created, never stored.</summary>
    public static ResourceType<SubjectAccessReview> SubjectAccessReviews { get; } =
        Of("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false, KubernetesJson.Default.SubjectAccessReview);

    /// <summary>A kind that is known only at run time, read and written as a JSON tree.</summary>
    public static ResourceType<JsonObject> Dynamic(string group, string version, string plural, string kind, bool namespaced) =>
        new(group, version, plural, kind, namespaced, KubernetesJson.Default.JsonObject, Identify) { DropsManagedFields = false };

    /// <summary>A kind whose record uses this library's <see cref="ObjectMeta"/>.</summary>
    public static ResourceType<T> Of<T>(string group, string version, string plural, string kind, bool namespaced, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject =>
        new(group, version, plural, kind, namespaced, json,
            static o => new(o.Metadata.Namespace, o.Metadata.Name, o.Metadata.Uid, o.Metadata.ResourceVersion));

    private static ObjectIdentity Identify(JsonObject value)
    {
        var metadata = value["metadata"] as JsonObject;
        return new(Text(metadata, "namespace"), Text(metadata, "name"), Text(metadata, "uid"), Text(metadata, "resourceVersion"));
    }

    private static string? Text(JsonObject? metadata, string field) => metadata?[field] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
