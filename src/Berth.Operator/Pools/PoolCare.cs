using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Pools;

/// <summary>
/// Keeps drains and autoscalers away from pods at work: marks on the pods, and one budget for each pool that allows no disruption of protected ones.
/// Also tells what in a template has no effect.
/// </summary>
internal sealed class PoolCare(KubernetesClient client, ClusterCache cache, AgentRegistry agents, PoolPods pods, OperatorEvents events, TimeProvider time, ILogger<PoolCare> log)
{
    /// <summary>What autoscalers of nodes ask before they take a pod's node away.</summary>
    internal const string SafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly ResourceType<JsonObject> Budgets = Resources.Dynamic("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
    private readonly ConcurrentDictionary<ObjectKey, string> _budgets = new();
    private readonly ConcurrentDictionary<string, long> _warned = new(StringComparer.Ordinal);

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var pool in cache.Pools.Store.List()) Warn(pool);
            foreach (var key in cache.Pods.Keys())
                if (cache.Pods.Get(key) is { } pod) await CareAsync(pod, cancellationToken);
        }
    }

    /// <summary>The mark that a pod bears.</summary>
    internal static PodMark Borne(Pod pod) => new(
        pod.Metadata.Label(Names.ProtectedLabel) is not null,
        pod.Metadata.Annotation(SafeToEvict) != "false",
        int.TryParse(pod.Metadata.Annotation(DeletionCost), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0);

    /// <summary>The budget of a pool.</summary>
    internal static JsonObject Budget(AgentPoolResource pool) => new()
    {
        ["apiVersion"] = "policy/v1",
        ["kind"] = "PodDisruptionBudget",
        ["metadata"] = new JsonObject
        {
            ["name"] = NameOf(pool),
            ["namespace"] = pool.Metadata.Namespace,
            ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = "AgentPool", ["name"] = pool.Metadata.Name, ["uid"] = pool.Metadata.Uid, ["controller"] = true, ["blockOwnerDeletion"] = true }),
        },
        ["spec"] = new JsonObject
        {
            ["maxUnavailable"] = 0,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [Names.PoolLabel] = pool.Metadata.Name, [Names.ProtectedLabel] = "true" } },
        },
    };

    private static string NameOf(AgentPoolResource pool) => $"berth-{pool.Metadata.Name}";

    private void Warn(AgentPoolResource pool)
    {
        if (_warned.TryGetValue(pool.Metadata.Uid, out var generation) && generation == pool.Metadata.Generation) return;
        _warned[pool.Metadata.Uid] = pool.Metadata.Generation;
        foreach (var warning in pods.Stamp(pool).Warnings) events.PoolWarning(pool, Reasons.TemplateIgnored, warning);
    }

    private async Task CareAsync(Pod pod, CancellationToken cancellationToken)
    {
        if (pod.Metadata is not { DeletionTimestamp: null, Uid: { } uid } || pod.Status?.Phase is "Failed" or "Succeeded") return;
        if (pod.Metadata.Label(Names.PoolLabel) is not { } name || cache.Pools.Store.Get(new ObjectKey(pod.Metadata.Namespace, name)) is not { Metadata.DeletionTimestamp: null } pool) return;
        var borne = Borne(pod);
        var mark = PodMark.Of(uid, cache.Tasks.ByIndex(ClusterCache.ByPod, uid), agents.HoldsUnwritten(uid), borne, time.GetUtcNow());
        if (mark == borne) return;
        try
        {
            if (mark.Protected) await BudgetAsync(pool, cancellationToken);
            await MarkAsync(pod, mark, cancellationToken);
        }
        catch (KubernetesException e)
        {
            // The next round tries again; a pod that is evicted meanwhile still has its grace.
            log.LogWarning("Pod {Namespace}/{Pod} cannot be marked: {Message}", pod.Metadata.Namespace, pod.Metadata.Name, e.Message);
        }
    }

    private async Task BudgetAsync(AgentPoolResource pool, CancellationToken cancellationToken)
    {
        if (_budgets.TryGetValue(pool.Metadata.Key(), out var uid) && uid == pool.Metadata.Uid) return;
        try
        {
            await client.PatchAsync(Budgets, new ObjectKey(pool.Metadata.Namespace, NameOf(pool)), Patch.Apply(Budget(pool)), options: new WriteOptions { FieldManager = "berth", Force = true }, cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsForbidden)
        {
            log.LogWarning("The disruption budget of pool {Pool} cannot be written: {Message}; give the operator create and patch on poddisruptionbudgets", pool.Metadata.Key(), e.Message);
        }
        _budgets[pool.Metadata.Key()] = pool.Metadata.Uid;
    }

    private async Task MarkAsync(Pod pod, PodMark mark, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(pod.Metadata.Namespace, pod.Metadata.Name!);
        var patch = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = pod.Metadata.Uid,
                ["labels"] = new JsonObject { [Names.ProtectedLabel] = mark.Protected ? "true" : null },
                ["annotations"] = new JsonObject { [SafeToEvict] = mark.SafeToEvict ? "true" : "false", [DeletionCost] = mark.DeletionCost.ToString(CultureInfo.InvariantCulture) },
            },
        });
        try
        {
            cache.Pods.Wrote(await client.PatchAsync(Resources.Pods, key, patch, cancellationToken: cancellationToken));
        }
        catch (KubernetesException e) when (e.IsNotFound || e.IsConflict)
        {
            cache.Pods.Read(key, pod.Metadata.Uid, await client.TryGetAsync(Resources.Pods, key, cancellationToken));
        }
    }
}
