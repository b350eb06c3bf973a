using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Options;

namespace Berth.Operator.Pools;

/// <summary>Creates and ends the pods of pools.</summary>
internal sealed class PoolPods(KubernetesClient client, ClusterCache cache, OperatorOptions options)
{
    /// <summary>Annotation with the hash of the user's template that the pod was made from.</summary>
    public const string TemplateAnnotation = "berth.dev/template";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Fault?> _dryRuns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Generation, StampedPod Stamp)> _stamps = new(StringComparer.Ordinal);

    /// <summary>The pod of a pool.</summary>
    public StampedPod Stamp(AgentPoolResource pool)
    {
        lock (_lock) if (_stamps.TryGetValue(pool.Metadata.Uid, out var known) && known.Generation == pool.Metadata.Generation) return known.Stamp;
        var made = Make(pool);
        lock (_lock)
        {
            if (_stamps.Count > 1000) _stamps.Clear();
            _stamps[pool.Metadata.Uid] = (pool.Metadata.Generation, made);
        }
        return made;
    }

    private StampedPod Make(AgentPoolResource pool)
    {
        var stamp = PodStamper.Stamp(pool, options.Images.ForPods());
        if (stamp.Pod is null) return stamp;
        var metadata = stamp.Pod["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations[TemplateAnnotation] = PodStamper.TemplateHash(pool.Spec);
        // From the first moment on: pods with volumes of their own and an owner that it does not know keep a node for ever where they do not say so.
        annotations.TryAdd(PoolCare.SafeToEvict, "true");
        return stamp;
    }

    /// <summary>Asks the API server once per template whether it would take the pod.</summary>
    public async Task<Fault?> DryRunAsync(AgentPoolResource pool, StampedPod stamp, CancellationToken cancellationToken)
    {
        if (stamp.Pod is null) return null;
        var key = $"{pool.Metadata.Uid}/{stamp.Hash}";
        lock (_lock) if (_dryRuns.TryGetValue(key, out var known)) return known;
        Fault? fault = null;
        try
        {
            await CreateAsync(pool, stamp, dryRun: true, cancellationToken);
        }
        catch (KubernetesException e) when (e.IsInvalid || e.Status.Code == 400)
        {
            fault = new Fault(Reasons.InvalidTemplate, $"the API server refuses the pod: {e.Status.Message}; correct the pool's template", Retry: false);
        }
        catch (KubernetesException e) when (e.IsForbidden && !e.IsNamespaceTerminating)
        {
            // Quota and admission change without us: this answer is not kept.
            return PodRefusal.Explain(e);
        }
        lock (_lock)
        {
            if (_dryRuns.Count > 1000) _dryRuns.Clear();
            _dryRuns[key] = fault;
        }
        return fault;
    }

    /// <summary>Creates one pod; the cache's view shows it at once.</summary>
    public async Task CreateAsync(AgentPoolResource pool, StampedPod stamp, CancellationToken cancellationToken)
    {
        var created = await CreateAsync(pool, stamp, dryRun: false, cancellationToken);
        cache.Pods.Wrote(created);
    }

    /// <summary>Asks a pod to end.</summary>
    public Task DeleteAsync(string ns, PoolPod pod, CancellationToken cancellationToken) =>
        client.DeleteAsync(Resources.Pods, new ObjectKey(ns, pod.Name), new DeleteOptions { Uid = pod.Uid }, cancellationToken);

    /// <summary>Drains a pod, saying what for.</summary>
    public async Task DrainAsync(string ns, PoolPod pod, string what, CancellationToken cancellationToken)
    {
        var patch = Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid, ["annotations"] = new JsonObject { [Names.DrainAnnotation] = what } } });
        cache.Pods.Wrote(await client.PatchAsync(Resources.Pods, new ObjectKey(ns, pod.Name), patch, cancellationToken: cancellationToken));
    }

    /// <summary>Takes our finalizer off a pod on which nothing unfenced remains.</summary>
    public async Task UnfenceAsync(string ns, PoolPod pod, CancellationToken cancellationToken)
    {
        if (cache.PodByUid(pod.Uid) is not { } known) return;
        var finalizers = known.Metadata.Finalizers ?? [];
        var patch = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = known.Metadata.ResourceVersion,
                ["uid"] = pod.Uid,
                ["finalizers"] = new JsonArray([.. finalizers.Where(f => f != Names.FenceFinalizer).Select(f => (JsonNode)f)]),
            },
        });
        var key = new ObjectKey(ns, pod.Name);
        try
        {
            var written = await client.PatchAsync(Resources.Pods, key, patch, cancellationToken: cancellationToken);
            if (written.Metadata.DeletionTimestamp is null || written.Metadata.Finalizers is { Count: > 0 }) cache.Pods.Wrote(written);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            cache.Pods.Read(key, pod.Uid, null);
        }
        catch (KubernetesException e) when (e.IsConflict)
        {
            // The kubelet wrote at the same time; what it wrote brings the next pass, and the other pods need not wait for it.
            cache.Pods.Read(key, pod.Uid, await client.TryGetAsync(Resources.Pods, key, cancellationToken));
        }
    }

    private async Task<Pod> CreateAsync(AgentPoolResource pool, StampedPod stamp, bool dryRun, CancellationToken cancellationToken)
    {
        var body = stamp.Pod!.DeepClone().AsObject();
        body["metadata"]!["name"] = $"{pool.Metadata.Name}-{Suffix()}";
        var pod = JsonSerializer.Deserialize(body, Resources.Pods.Json) ?? throw new JsonException("an empty pod");
        return await client.CreateAsync(Resources.Pods, pod, pool.Metadata.Namespace, new WriteOptions { DryRun = dryRun, FieldManager = "berth" }, cancellationToken);
    }

    private static string Suffix()
    {
        const string letters = "bcdfghjklmnpqrstvwxz2456789";
        return RandomNumberGenerator.GetString(letters, 5);
    }
}
