using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.Leadership;
using Berth.Operator.Placement;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Pools;

/// <summary>Observe, decide, apply for one pool.</summary>
internal sealed class PoolReconciler(
    KubernetesClient client, ClusterCache cache, PodReader reader, AgentRegistry agents, PoolPods pods, PoolStates states,
    GatewayPublisher gateway, PlacementLoop placement, LeaderState leader, OperatorEvents events, TimeProvider time)
{
    private static readonly TimeSpan CreateAgainAfter = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _written = new();
    private readonly ConcurrentDictionary<ObjectKey, Fault> _creation = new();

    /// <summary>Reconciles one pool.</summary>
    public async ValueTask<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (leader.Term is null) return ReconcileResult.Done;
        if (cache.Pools.Store.Get(key) is not { } pool)
        {
            states.Forget(key);
            _written.TryRemove(key, out _);
            _creation.TryRemove(key, out _);
            return ReconcileResult.Done;
        }
        if (pool.Metadata.DeletionTimestamp is null) await gateway.EnsureAsync(key.Namespace!, cancellationToken);
        var stamp = pods.Stamp(pool);
        // A pool that goes needs no pods; asking in a namespace that is ending would only be refused, and hold its deletion up.
        var refused = pool.Metadata.DeletionTimestamp is not null ? null : await pods.DryRunAsync(pool, stamp, cancellationToken) ?? (_creation.TryGetValue(key, out var trouble) ? trouble : null);
        var decision = PoolDecider.Decide(new PoolObserved { Pool = pool, Stamp = stamp, Refused = refused, Pods = Observe(key), Now = time.GetUtcNow(), StatusWrittenAt = _written.TryGetValue(key, out var at) ? at : null });
        states.Note(pool, decision.Fault);
        await WriteAsync(key, pool, decision, cancellationToken);
        var again = await ApplyAsync(key, pool, stamp, decision, cancellationToken);
        placement.Trigger(key);
        var wake = decision.WakeAt is { } due ? due - time.GetUtcNow() : (TimeSpan?)null;
        var after = again is { } soon && (wake is null || soon < wake) ? soon : wake;
        return after is { } pause ? ReconcileResult.RequeueAfter(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1)) : ReconcileResult.Done;
    }

    private List<PoolPod> Observe(ObjectKey key) => [.. cache.Pods.ByIndex(ClusterCache.ByPool, key.ToString()).Select(Observe)];

    private PoolPod Observe(Pod pod)
    {
        var uid = pod.Metadata.Uid!;
        var tasks = new PoolSlots(cache, reader, agents).Holding(uid);
        var agent = agents.Facts(uid);
        var held = tasks.Select(t => t.Status.Slot?.PodUid == uid ? t.Status.Slot.Index : t.Status.Attempt!.Slot).ToHashSet();
        return new PoolPod
        {
            Name = pod.Metadata.Name!,
            Uid = uid,
            CreatedAt = pod.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue,
            Hash = pod.Metadata.Label(Names.TemplateHashLabel) ?? "",
            Deleting = pod.Metadata.DeletionTimestamp is not null,
            Terminal = pod.Status?.Phase is "Failed" or "Succeeded",
            Ready = agent is { Connected: true, Unavailable: null } && agent.Slots.Values.Any(s => s.Ready),
            Draining = reader.IsDraining(pod),
            HasFence = pod.Metadata.HasFinalizer(Names.FenceFinalizer),
            Unfenced = tasks.Any(t => Unfenced(t, uid)),
            Running = tasks.Count(t => t.Status.Phase.MayRun()),
            Reserved = tasks.Count(t => t.Status.Phase == TaskPhase.ApplyPending),
            Idle = agent is { Connected: true, Unavailable: null } ? agent.Slots.Values.Count(s => s.Ready && s.Attempt is null && s.Directory is null && !held.Contains(s.Index)) : 0,
            Unacknowledged = agents.HoldsUnwritten(uid) && agents.Session(uid) is not null,
            Trouble = PodReader.Trouble(pod),
        };
    }

    private static bool Unfenced(TaskResource task, string podUid) =>
        task.Status is { Attempt: { Kind: AttemptKind.Apply or AttemptKind.Run, EndedAt: null } attempt } status && attempt.PodUid == podUid && status.Phase.MayRun() && status.Loss is not { Fenced: true };

    private async Task WriteAsync(ObjectKey key, AgentPoolResource pool, PoolDecision decision, CancellationToken cancellationToken)
    {
        if (decision.Finalizer is { } on)
        {
            await client.PatchAsync(BerthResources.Pools, key, StatusPatch.Finalizer(pool.Metadata, Names.PoolFinalizer, on), cancellationToken: cancellationToken);
            return;
        }
        if (decision.Status is not { } status) return;
        await client.PatchAsync(BerthResources.Pools, key, StatusPatch.Of(pool.Metadata.ResourceVersion, pool.Status, status), "status", cancellationToken: cancellationToken);
        _written[key] = time.GetUtcNow();
        events.PoolChanged(pool, status);
    }

    private async Task<TimeSpan?> ApplyAsync(ObjectKey key, AgentPoolResource pool, StampedPod stamp, PoolDecision decision, CancellationToken cancellationToken)
    {
        foreach (var pod in decision.Unfence) await pods.UnfenceAsync(key.Namespace!, pod, cancellationToken);
        foreach (var pod in decision.Delete) await pods.DeleteAsync(key.Namespace!, pod, cancellationToken);
        try
        {
            for (var i = 0; i < decision.Create; i++) await pods.CreateAsync(pool, stamp, cancellationToken);
            _creation.TryRemove(key, out _);
            return null;
        }
        catch (KubernetesException e) when (e.IsForbidden || e.IsInvalid)
        {
            _creation[key] = new Fault(Reasons.PodRefused, $"the API server refuses new pods: {e.Status.Message}");
            events.PoolWarning(pool, Reasons.PodRefused, e.Status.Message ?? "the API server refuses new pods");
            return CreateAgainAfter;
        }
    }
}
