using System.Text.Json;
using Berth.Api;

namespace Berth.Operator.Pools;

/// <summary>Compares specs of pools.</summary>
internal static class PoolSpecs
{
    /// <summary>Whether tasks need not look again: nothing but the number of pods differs, and that they learn from placement.</summary>
    public static bool SameForTasks(AgentPoolResource a, AgentPoolResource b) =>
        a.Metadata.Generation == b.Metadata.Generation || Text(a) == Text(b);

    private static string Text(AgentPoolResource pool) =>
        JsonSerializer.Serialize(new AgentPoolResource { Spec = pool.Spec with { Replicas = null } }, BerthJson.Default.AgentPoolResource);
}
