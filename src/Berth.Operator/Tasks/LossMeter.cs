using System.Collections.Concurrent;

namespace Berth.Operator.Tasks;

/// <summary>Sees when many pods are lost together: three within thirty seconds, or a whole node. Such a loss is one event.</summary>
internal sealed class LossMeter(Func<string, bool> isNodeLost, TimeProvider time)
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
    /// <param name="podUid">The pod; it may be gone from everywhere by now.</param>
    /// <param name="node">Where it ran, by the task's own record.</param>
    public bool IsMassLoss(string podUid, string? node) =>
        (node is { Length: > 0 } && isNodeLost(node)) || (_lost.TryGetValue(podUid, out var at) && _lost.Values.Count(other => (other - at).Duration() <= Window) >= Many);
}
