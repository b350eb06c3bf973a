using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>How Berth's own kinds are reached.</summary>
internal static class BerthResources
{
    /// <summary>Tasks.</summary>
    public static ResourceType<TaskResource> Tasks { get; } =
        new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => Identify(t.Metadata));

    /// <summary>Pools.</summary>
    public static ResourceType<AgentPoolResource> Pools { get; } =
        new(Names.Group, Names.Version, "agentpools", "AgentPool", true, BerthJson.Default.AgentPoolResource, p => Identify(p.Metadata));

    /// <summary>Approvals.</summary>
    public static ResourceType<ApprovalResource> Approvals { get; } =
        new(Names.Group, Names.Version, "approvals", "Approval", true, BerthJson.Default.ApprovalResource, a => Identify(a.Metadata));

    /// <summary>The key of an object of ours.</summary>
    public static ObjectKey Key(this ResourceMeta meta) => new(meta.Namespace, meta.Name);

    private static ObjectIdentity Identify(ResourceMeta meta) => new(meta.Namespace, meta.Name, meta.Uid, meta.ResourceVersion);
}
