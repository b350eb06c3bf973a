using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Machinery;

/// <summary>How Berth's kinds are reached.</summary>
internal static class Kinds
{
    public static ResourceType<TaskResource> Tasks { get; } = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => Identify(t.Metadata));

    public static ResourceType<ApprovalResource> Approvals { get; } = new(Names.Group, Names.Version, "approvals", "Approval", true, BerthJson.Default.ApprovalResource, a => Identify(a.Metadata));

    public static ResourceType<System.Text.Json.Nodes.JsonObject> AnyTask { get; } = Kubernetes.Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true);

    public static ResourceType<System.Text.Json.Nodes.JsonObject> AnyPool { get; } = Kubernetes.Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", true);

    public static ResourceType<System.Text.Json.Nodes.JsonObject> Jobs { get; } = Kubernetes.Resources.Dynamic("batch", "v1", "jobs", "Job", true);

    public static ResourceType<System.Text.Json.Nodes.JsonObject> Definitions { get; } = Kubernetes.Resources.Dynamic("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);

    private static ObjectIdentity Identify(ResourceMeta meta) => new(meta.Namespace, meta.Name, meta.Uid, meta.ResourceVersion);
}
