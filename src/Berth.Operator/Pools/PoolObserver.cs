using System.Collections.Concurrent;
using System.Globalization;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Options;
using Berth.Operator.Placement;

namespace Berth.Operator.Pools;

/// <summary>Gathers what the pool's decision reads, from caches.</summary>
internal sealed class PoolObserver(ClusterCache cache, PodReader reader, AgentRegistry agents, PlacementLoop placement, MountWatch mounts, OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _idleSince = new(StringComparer.Ordinal);
    private long _epoch;
    private DateTimeOffset _since;

    /// <summary>A new term: since when pods are idle is found out anew, for nobody looked in between.</summary>
    public void Begin(long epoch)
    {
        if (Interlocked.Exchange(ref _epoch, epoch) == epoch) return;
        _idleSince.Clear();
        _since = time.GetUtcNow();
    }

    /// <summary>The pods of a pool as they are.</summary>
    public List<PoolPod> Pods(ObjectKey pool) => [.. cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString()).Select(Observe)];

    /// <summary>Names of the nodes on which the pool's pods could be.</summary>
    public IReadOnlyList<string> Nodes(ObjectKey pool) => reader.NodesFor(cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString()) is [var pod, ..] ? pod : null);

    /// <summary>Pods that ended soon after they were created, and how.</summary>
    public IEnumerable<(string Uid, Fault Fault)> Failures(ObjectKey pool)
    {
        var now = time.GetUtcNow();
        foreach (var pod in cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString()))
            if (pod is { Status.Phase: "Failed" or "Succeeded", Metadata.DeletionTimestamp: null } && now - (pod.Metadata.CreationTimestamp ?? now) < CreationBackoff.Settled)
                yield return (pod.Metadata.Uid!, new Fault(Reasons.PodsFailing, $"pod {pod.Metadata.Name} ended {Describe(pod)}"));
    }

    /// <summary>Forgets a pod that is gone.</summary>
    public void Forget(string podUid) => _idleSince.TryRemove(podUid, out _);

    private PoolPod Observe(Pod pod)
    {
        var uid = pod.Metadata.Uid!;
        var tasks = PoolSlots.Holding(cache, uid);
        var offers = placement.OffersOn(uid);
        var agent = agents.Facts(uid);
        var connected = agent is { Connected: true, Unavailable: null };
        var taken = tasks.Select(t => PoolSlots.SlotOn(t, uid)).Concat(offers.Select(o => o.Slot.Index)).ToHashSet();
        var drain = reader.DrainOf(pod);
        var (heardBy, now) = (agent is null ? PodReader.HeardBy(pod, _since) : null, time.GetUtcNow());
        var observed = new PoolPod
        {
            Name = pod.Metadata.Name!,
            Uid = uid,
            Node = pod.Spec?.NodeName ?? "",
            CreatedAt = pod.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue,
            Hash = pod.Metadata.Label(Names.TemplateHashLabel) ?? "",
            Deleting = pod.Metadata.DeletionTimestamp is not null,
            Terminal = pod.Status?.Phase is "Failed" or "Succeeded",
            Ready = connected && agent!.Slots.Values.Any(s => s.Ready),
            Silent = agent is { Connected: false },
            Draining = drain is not null,
            Leaving = drain is { Leaving: true },
            DrainedFor = pod.Metadata.Annotation(Names.DrainAnnotation),
            HasFence = pod.Metadata.HasFinalizer(Names.FenceFinalizer),
            Unfenced = tasks.Any(t => Unfenced(t, uid)),
            Running = tasks.Count(t => t.Status.Phase.MayRun()),
            Reserved = tasks.Count(t => t.Status.Phase == TaskPhase.ApplyPending),
            Offered = offers.Count,
            ApplyCapable = tasks.Count(t => t.Spec.Type != TaskType.Plan) + offers.Count(o => o.ApplyCapable),
            Idle = connected ? agent!.Slots.Values.Count(s => s.Ready && s.Attempt is null && s.Directory is null && !taken.Contains(s.Index)) : 0,
            Unacknowledged = agents.HoldsUnwritten(uid) && agents.Session(uid) is not null,
            Trouble = PodReader.Trouble(pod) ?? mounts.TroubleOf(pod) ?? (heardBy <= now ? PodReader.NotHeard(pod, options.Gateway.Addresses) : null),
            HeardBy = heardBy > now ? heardBy : null,
        };
        if (!observed.Free) _idleSince.TryRemove(uid, out _);
        return observed with { IdleSince = observed is { Free: true, Live: true } ? _idleSince.GetOrAdd(uid, time.GetUtcNow()) : null };
    }

    private static bool Unfenced(TaskResource task, string podUid) =>
        task.Status is { Attempt: { Kind: AttemptKind.Apply or AttemptKind.Run, EndedAt: null } attempt } status && attempt.PodUid == podUid && status.Phase.MayRun() && status.Loss is not { Fenced: true };

    private static string Describe(Pod pod)
    {
        if (pod.Status?.Reason is { Length: > 0 } reason) return $"({reason}{(pod.Status.Message is { Length: > 0 } text ? $": {text}" : "")})";
        var ended = (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []).FirstOrDefault(s => s.State?.Terminated is { ExitCode: not 0 });
        return ended?.State?.Terminated is { } end ? $"(container {ended.Name}: exit code {end.ExitCode.ToString(CultureInfo.InvariantCulture)}, {end.Reason})" : "soon after it was created";
    }
}
