using System.Text.Json.Serialization.Metadata;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>Our kinds as the client knows them.</summary>
internal static class BerthResources
{
    public static ResourceType<TaskResource> Tasks { get; } = Of("tasks", "Task", BerthJson.Default.TaskResource, t => t.Metadata);

    public static ResourceType<AgentPoolResource> Pools { get; } = Of("agentpools", "AgentPool", BerthJson.Default.AgentPoolResource, p => p.Metadata);

    public static ResourceType<ApprovalResource> Approvals { get; } = Of("approvals", "Approval", BerthJson.Default.ApprovalResource, a => a.Metadata);

    /// <summary>A kind by any of the names that people give it; null for a word that is none.</summary>
    public static ResourceType? TryFind(string name) => name.ToLowerInvariant() switch
    {
        "task" or "tasks" or "bt" => Tasks,
        "pool" or "pools" or "agentpool" or "agentpools" or "bap" => Pools,
        "approval" or "approvals" or "bapr" => Approvals,
        _ => null,
    };

    /// <exception cref="CliException">There is no such kind.</exception>
    public static ResourceType Find(string name) => TryFind(name) ?? throw new CliException(ExitCodes.Usage, $"There is no kind '{name}'; there are tasks, pools and approvals.");

    private static ResourceType<T> Of<T>(string plural, string kind, JsonTypeInfo<T> json, Func<T, ResourceMeta> metadata) where T : class =>
        new(Names.Group, Names.Version, plural, kind, true, json, o => new(metadata(o).Namespace, metadata(o).Name, metadata(o).Uid, metadata(o).ResourceVersion));
}
