using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Pools;

/// <summary>What the pool reconciler found out about one pool.</summary>
/// <param name="Uid">Uid of the pool.</param>
/// <param name="Hash">Hash of its pods as they should be.</param>
/// <param name="Fault">Why nothing can run; null if something can.</param>
/// <param name="Outlook">What is being done about missing slots, for those who wait.</param>
/// <param name="Retiring">Uids of pods that get no new work.</param>
internal sealed record PoolState(string Uid, string Hash, Fault? Fault, string? Outlook, IReadOnlySet<string> Retiring)
{
    /// <summary>When the fault was last worded anew.</summary>
    public DateTimeOffset WordedAt { get; init; }
}

/// <summary>What the pool reconciler found out about each pool, for placement and the tasks that wait there. Found out again after a restart.</summary>
internal sealed class PoolStates(TimeProvider time)
{
    private static readonly TimeSpan KeepWords = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<ObjectKey, PoolState> _states = new();

    /// <summary>Raised when a pool's fault appears, changes or goes.</summary>
    public event Action<ObjectKey>? Changed;

    /// <summary>What is known of a pool; null while nothing is.</summary>
    public PoolState? Of(AgentPoolResource pool) => _states.TryGetValue(pool.Metadata.Key(), out var known) && known.Uid == pool.Metadata.Uid ? known : null;

    /// <summary>Why nothing can run on a pool; null if it can, or while it is not known.</summary>
    public Fault? FaultOf(AgentPoolResource pool) => Of(pool)?.Fault;

    /// <summary>Notes what was found.</summary>
    public void Note(AgentPoolResource pool, PoolState state)
    {
        var before = Of(pool);
        var now = time.GetUtcNow();
        // The kubelet words the same trouble in turns; every waiting task would be rewritten each time.
        var same = before?.Fault is { } known && known.Reason == state.Fault?.Reason && before.Hash == state.Hash && now - before.WordedAt < KeepWords;
        state = same ? state with { Fault = before!.Fault, WordedAt = before.WordedAt } : state with { WordedAt = now };
        _states[pool.Metadata.Key()] = state;
        if (before?.Fault != state.Fault) Changed?.Invoke(pool.Metadata.Key());
    }

    /// <summary>Forgets a pool that is gone.</summary>
    public void Forget(ObjectKey pool) => _states.TryRemove(pool, out _);
}
