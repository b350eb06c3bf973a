using System.Collections.Concurrent;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Operator.Pools;

/// <summary>How the creation of pods went lately, per pool: what failed, how often in a row, and when to try again.</summary>
internal sealed class CreationLog(TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, Entry> _entries = new();

    /// <summary>When pods may be created again; null if at once.</summary>
    public DateTimeOffset? NotBefore(ObjectKey pool) => _entries.TryGetValue(pool, out var entry) && entry.NotBefore > time.GetUtcNow() ? entry.NotBefore : null;

    /// <summary>What failed last; null if all is well.</summary>
    public Fault? Fault(ObjectKey pool) => _entries.TryGetValue(pool, out var entry) ? entry.Fault : null;

    /// <summary>Notes a failure; each pod that ended counts once.</summary>
    public void Failed(ObjectKey pool, Fault fault, string? podUid = null)
    {
        var known = _entries.GetOrAdd(pool, static _ => new Entry(null, 0, DateTimeOffset.MinValue, []));
        if (podUid is not null && known.Pods.Contains(podUid)) return;
        var failures = known.Failures + 1;
        var pods = podUid is null ? known.Pods : [.. known.Pods.TakeLast(255), podUid];
        _entries[pool] = new Entry(fault, failures, time.GetUtcNow() + CreationBackoff.Pause(failures), pods);
    }

    /// <summary>Notes that pods are taken and come up again.</summary>
    public void Succeeded(ObjectKey pool) => _entries.TryRemove(pool, out _);

    private sealed record Entry(Fault? Fault, int Failures, DateTimeOffset NotBefore, IReadOnlyList<string> Pods);
}
