using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.Leadership;
using Berth.Operator.Placement;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Pools;

/// <summary>Observe, decide, apply for one pool.</summary>
internal sealed class PoolReconciler(
    KubernetesClient client, ClusterCache cache, PoolObserver observer, PoolPods pods, PoolStates states,
    GatewayPublisher gateway, PlacementLoop placement, LeaderState leader, OperatorEvents events, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _written = new();
    private readonly CreationLog _creation = new(time);

    /// <summary>Reconciles one pool.</summary>
    public async ValueTask<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (leader.Term is not { } term) return ReconcileResult.Done;
        observer.Begin(term.Epoch);
        if (cache.Pools.Store.Get(key) is not { } pool)
        {
            states.Forget(key);
            _written.TryRemove(key, out _);
            _creation.Succeeded(key);
            return ReconcileResult.Done;
        }
        if (pool.Metadata.DeletionTimestamp is null) await gateway.EnsureAsync(key.Namespace!, cancellationToken);
        var stamp = pods.Stamp(pool);
        var refused = await RefusalAsync(key, pool, stamp, cancellationToken);
        var decision = PoolDecider.Decide(Observe(key, pool, stamp, refused));
        states.Note(pool, new PoolState(pool.Metadata.Uid, stamp.Hash, decision.Fault, decision.Outlook, decision.Retiring));
        await WriteAsync(key, pool, decision, cancellationToken);
        await ApplyAsync(key, pool, stamp, decision, cancellationToken);
        placement.Trigger(key);
        return Again(key, decision);
    }

    private PoolObserved Observe(ObjectKey key, AgentPoolResource pool, StampedPod stamp, Fault? refused)
    {
        foreach (var (uid, fault) in observer.Failures(key)) _creation.Failed(key, fault, uid);
        var seen = observer.Pods(key);
        if (_creation.Fault(key) is { Reason: Reasons.PodsFailing } && seen.Any(p => p is { Ready: true, Terminal: false })) _creation.Succeeded(key);
        return new PoolObserved
        {
            Pool = pool,
            Stamp = stamp,
            Refused = refused ?? _creation.Fault(key),
            Pods = seen,
            Now = time.GetUtcNow(),
            StatusWrittenAt = _written.TryGetValue(key, out var at) ? at : null,
            Demand = placement.Unmet(key),
            CreateNotBefore = _creation.NotBefore(key),
            Nodes = pool.Metadata.Annotations?.ContainsKey(Names.RebalanceAnnotation) == true ? observer.Nodes(key) : [],
        };
    }

    /// <summary>A pool that goes needs no pods; asking in a namespace that is ending would only be refused, and hold its deletion up.</summary>
    private async Task<Fault?> RefusalAsync(ObjectKey key, AgentPoolResource pool, StampedPod stamp, CancellationToken cancellationToken)
    {
        if (pool.Metadata.DeletionTimestamp is not null || stamp.Pod is null) return null;
        if (_creation.NotBefore(key) is not null) return _creation.Fault(key);
        var refused = await pods.DryRunAsync(pool, stamp, cancellationToken);
        if (refused is { Retry: true }) _creation.Failed(key, refused);
        return refused;
    }

    private ReconcileResult Again(ObjectKey key, PoolDecision decision)
    {
        var due = decision.WakeAt;
        if (_creation.NotBefore(key) is { } retry && (due is null || retry < due)) due = retry;
        if (due is not { } at) return ReconcileResult.Done;
        var pause = at - time.GetUtcNow();
        return ReconcileResult.RequeueAfter(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1));
    }

    private async Task WriteAsync(ObjectKey key, AgentPoolResource pool, PoolDecision decision, CancellationToken cancellationToken)
    {
        var version = pool.Metadata.ResourceVersion;
        if (decision.Finalizer is not null || decision.Replicas is not null)
        {
            version = (await client.PatchAsync(BerthResources.Pools, key, SpecPatch(pool, decision), cancellationToken: cancellationToken)).Metadata.ResourceVersion;
            if (decision.UndoneReplicas is { } theirs) events.PoolScaledByHand(pool, theirs, decision.Replicas ?? theirs);
        }
        if (decision.Finalizer == false || decision.Status is not { } status) return;
        await client.PatchAsync(BerthResources.Pools, key, StatusPatch.Of(version, pool.Status, status), "status", cancellationToken: cancellationToken);
        _written[key] = time.GetUtcNow();
        events.PoolChanged(pool, status);
    }

    private static Patch SpecPatch(AgentPoolResource pool, PoolDecision decision)
    {
        var metadata = new JsonObject { ["resourceVersion"] = pool.Metadata.ResourceVersion };
        if (decision.Finalizer is { } on) metadata["finalizers"] = new JsonArray([.. StatusPatch.Finalizers(pool.Metadata, Names.PoolFinalizer, on)]);
        var body = new JsonObject { ["metadata"] = metadata };
        if (decision.Replicas is { } replicas) body["spec"] = new JsonObject { ["replicas"] = replicas };
        return Patch.Merge(body);
    }

    private async Task ApplyAsync(ObjectKey key, AgentPoolResource pool, StampedPod stamp, PoolDecision decision, CancellationToken cancellationToken)
    {
        foreach (var pod in decision.Unfence) await pods.UnfenceAsync(key.Namespace!, pod, cancellationToken);
        if (decision.Drain is { } drain) await pods.DrainAsync(key.Namespace!, drain.Pod, drain.For, cancellationToken);
        foreach (var pod in decision.Delete) await DeleteAsync(key, pod, cancellationToken);
        try
        {
            for (var i = 0; i < decision.Create; i++) await pods.CreateAsync(pool, stamp, cancellationToken);
            if (decision.Create > 0 && _creation.Fault(key) is { Reason: not Reasons.PodsFailing }) _creation.Succeeded(key);
        }
        catch (KubernetesException e) when (e.IsForbidden || e.IsInvalid)
        {
            var fault = PodRefusal.Explain(e);
            _creation.Failed(key, fault);
            events.PoolWarning(pool, fault.Reason, fault.Message);
        }
    }

    /// <summary>Nothing is promised on a pod once it was asked to end, and none is asked to end on which something is.</summary>
    private async Task DeleteAsync(ObjectKey key, PoolPod pod, CancellationToken cancellationToken)
    {
        if (!pod.Terminal && !placement.Close(pod.Uid)) return;
        try
        {
            await pods.DeleteAsync(key.Namespace!, pod, cancellationToken);
            observer.Forget(pod.Uid);
        }
        catch (KubernetesException)
        {
            placement.Open(pod.Uid);
            throw;
        }
    }
}
