using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Pools;

/// <summary>
/// Pods that do not come because a volume cannot be mounted. Their status says no more than ContainerCreating; the kubelet tells the cause
/// in an Event. So the Events of such pods are read, of a few of each pool, with growing pauses.
/// </summary>
internal sealed class MountWatch(KubernetesClient client, ClusterCache cache, TimeProvider time, ILogger<MountWatch> log)
{
    private const int PodsOfAPool = 3;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan UntilSaidWithoutEvents = TimeSpan.FromSeconds(60);
    private static readonly string[] Creating = ["ContainerCreating", "PodInitializing"];
    private static readonly string[] Mounting = ["FailedMount", "FailedAttachVolume", "FailedMapVolume"];
    private readonly ConcurrentDictionary<string, Look> _looks = new(StringComparer.Ordinal);
    private volatile bool _mayRead = true;

    /// <summary>Raised with a pool of which something else is known now.</summary>
    public event Action<ObjectKey>? Changed;

    /// <summary>What keeps a pod from starting, as Events tell; null if nothing does, or it is not known.</summary>
    public Fault? TroubleOf(Pod pod) => IsCreating(pod) && _looks.TryGetValue(pod.Metadata.Uid!, out var look) ? look.Fault : null;

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _looks.Clear();
        _mayRead = true;
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            foreach (var pool in cache.Pools.Store.List()) await LookAsync(pool.Metadata.Key(), cancellationToken);
    }

    /// <summary>Forgets a pod that is gone.</summary>
    public void Forget(string podUid) => _looks.TryRemove(podUid, out _);

    /// <summary>What the events of a pod say of its volumes; the latest counts.</summary>
    internal static Fault? Read(string? pod, IEnumerable<Event> events) =>
        events.Where(e => Mounting.Contains(e.Reason)).MaxBy(e => e.Series?.LastObservedTime ?? e.EventTime ?? e.Metadata.CreationTimestamp) is not { } told ? null
            : new Fault(Reasons.VolumeMissing, $"pod {pod}: {told.Note?.Trim()}; create what is missing, or correct the pool's template");

    private static bool IsCreating(Pod pod) => pod is { Status.Phase: "Pending", Spec.NodeName.Length: > 0, Metadata.DeletionTimestamp: null }
        && (pod.Status.InitContainerStatuses ?? []).Concat(pod.Status.ContainerStatuses ?? []).All(s => s.State is null or { Running: null, Terminated: null } && (s.State?.Waiting?.Reason is not { } reason || Creating.Contains(reason)));

    private async Task LookAsync(ObjectKey pool, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = cache.Pods.ByIndex(ClusterCache.ByPool, pool.ToString()).Where(IsCreating).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Take(PodsOfAPool)
            .Where(p => !_looks.TryGetValue(p.Metadata.Uid!, out var look) || look.Next <= now).ToList();
        foreach (var pod in due)
        {
            var before = _looks.GetValueOrDefault(pod.Metadata.Uid!);
            // A pod that has only just got its node is given a moment: most need no question at all.
            var fault = before is null ? null : await AskAsync(pod, now - before.Since, cancellationToken);
            var pause = before is null ? Every * 2 : before.Pause * 2 < LongestPause ? before.Pause * 2 : LongestPause;
            _looks[pod.Metadata.Uid!] = new Look(before?.Since ?? now, now + pause, pause, fault);
            if (fault != before?.Fault) Changed?.Invoke(pool);
        }
    }

    private async Task<Fault?> AskAsync(Pod pod, TimeSpan waited, CancellationToken cancellationToken)
    {
        if (_mayRead)
        {
            try
            {
                var events = await client.ListAsync(Resources.Events, pod.Metadata.Namespace, new() { FieldSelector = $"regarding.uid={pod.Metadata.Uid}" }, cancellationToken);
                return Read(pod.Metadata.Name, events.Items);
            }
            catch (KubernetesException e) when (e.IsForbidden)
            {
                _mayRead = false;
                log.LogWarning("Why pods wait for their volumes cannot be told: the operator may not list events. See the Role that the chart installs: {Message}", e.Message);
            }
            catch (KubernetesException e) when (e.IsTransient)
            {
                return _looks.GetValueOrDefault(pod.Metadata.Uid!)?.Fault;
            }
        }
        return waited < UntilSaidWithoutEvents ? null
            : new Fault(Reasons.VolumeMissing, $"pod {pod.Metadata.Name} has been waiting for its volumes or its network for over a minute; kubectl describe pod {pod.Metadata.Name} says why");
    }

    private sealed record Look(DateTimeOffset Since, DateTimeOffset Next, TimeSpan Pause, Fault? Fault);
}
