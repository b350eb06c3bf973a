using System.Collections.Concurrent;
using Berth.Operator.Cluster;

namespace Berth.Operator.Tasks;

/// <summary>Sees when many pods are lost together: three within thirty seconds, or a whole node. Such a loss is one event.</summary>
internal sealed class LossMeter(ClusterCache cache, TimeProvider time)
{
    private const int Many = 3;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _lost = new(StringComparer.Ordinal);

    /// <summary>Notes that a pod went away while it may have been working.</summary>
    public void Note(string podUid)
    {
        var now = time.GetUtcNow();
        _lost.TryAdd(podUid, now);
        foreach (var (uid, at) in _lost) if (now - at > Window * 4) _lost.TryRemove(uid, out _);
    }

    /// <summary>Whether the loss of this pod is part of a larger event.</summary>
    public bool IsMassLoss(string podUid)
    {
        if (!_lost.TryGetValue(podUid, out var at)) return NodeIsGone(podUid);
        return _lost.Values.Count(other => (other - at).Duration() <= Window) >= Many || NodeIsGone(podUid);
    }

    private bool NodeIsGone(string podUid) =>
        cache.PodByUid(podUid)?.Spec?.NodeName is { Length: > 0 } node && cache.Nodes.Store.Get(new Kubernetes.ObjectKey(node)) is null;
}
