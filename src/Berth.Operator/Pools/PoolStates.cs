using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Pools;

/// <summary>What the pool reconciler found out about each pool, for the tasks that wait there. Found out again after a restart.</summary>
internal sealed class PoolStates
{
    private readonly ConcurrentDictionary<ObjectKey, (string Uid, Fault? Fault)> _faults = new();

    /// <summary>Raised when a pool's fault appears, changes or goes.</summary>
    public event Action<ObjectKey>? Changed;

    /// <summary>Why nothing can run on a pool; null if it can, or while it is not known.</summary>
    public Fault? FaultOf(AgentPoolResource pool) => _faults.TryGetValue(pool.Metadata.Key(), out var known) && known.Uid == pool.Metadata.Uid ? known.Fault : null;

    /// <summary>Notes what was found.</summary>
    public void Note(AgentPoolResource pool, Fault? fault)
    {
        var key = pool.Metadata.Key();
        var before = FaultOf(pool);
        _faults[key] = (pool.Metadata.Uid, fault);
        if (before != fault) Changed?.Invoke(key);
    }

    /// <summary>Forgets a pool that is gone.</summary>
    public void Forget(ObjectKey pool) => _faults.TryRemove(pool, out _);
}
