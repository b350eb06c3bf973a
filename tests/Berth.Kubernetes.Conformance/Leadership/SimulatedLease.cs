using System.Globalization;

namespace Berth.Kubernetes.Conformance.Leadership;

/// <summary>One stored Lease, reached over a network that delays, loses and repeats nothing but forgets to answer: a request may fail before or after
/// it took effect, and a request whose caller has given up may still take effect later.</summary>
internal sealed class SimulatedLease(SimulatedTime world, Random random)
{
    private Lease? _stored;
    private long _version;

    public bool IsFaulty { get; set; } = true;

    private event Action? Written;

    public Lease? Stored => _stored;

    public ILeaseStore For(SimulatedProcess process, Action<SimulatedProcess, Lease> writing) => new Connection(this, process, writing);

    public void Delete()
    {
        _stored = null;
        Written?.Invoke();
    }

    private async Task<T> Travel<T>(SimulatedProcess process, Func<T> effect, CancellationToken caller)
    {
        var answer = new TaskCompletionSource<T>();
        var fate = IsFaulty ? random.NextDouble() : 1;
        var there = fate < 0.05 ? TimeSpan.FromSeconds(30 * random.NextDouble()) : TimeSpan.FromMilliseconds(1 + (40 * random.NextDouble()));
        var back = fate is > 0.05 and < 0.1 ? TimeSpan.FromSeconds(20 * random.NextDouble()) : TimeSpan.FromMilliseconds(1 + (40 * random.NextDouble()));
        var lostBefore = fate is > 0.1 and < 0.18;
        var lostAfter = fate is > 0.18 and < 0.24;
        // The effect happens in the world, whether or not its caller still waits.
        world.CreateTimer(_ => Arrive(), null, there, Timeout.InfiniteTimeSpan);
        return await answer.Task.WaitAsync(caller);

        void Arrive()
        {
            Action outcome;
            try
            {
                if (lostBefore) throw new KubernetesException("connection reset");
                var result = effect();
                outcome = lostAfter ? () => answer.TrySetException(new KubernetesException("connection reset")) : () => answer.TrySetResult(result);
            }
            catch (KubernetesException error)
            {
                outcome = () => answer.TrySetException(error);
            }
            world.CreateTimer(_ => process.Run(outcome), null, back, Timeout.InfiniteTimeSpan);
        }
    }

    private Lease Store(Lease lease)
    {
        _stored = lease with { Metadata = lease.Metadata with { ResourceVersion = (++_version).ToString(CultureInfo.InvariantCulture) } };
        Written?.Invoke();
        return _stored;
    }

    /// <summary>A watch is a hint: it may come late, or never say anything.</summary>
    private async Task Changed(SimulatedProcess process, Lease seen, CancellationToken caller)
    {
        var changed = new TaskCompletionSource();
        void Look()
        {
            if (_stored?.Metadata.ResourceVersion == seen.Metadata.ResourceVersion) return;
            world.CreateTimer(_ => process.Run(() => changed.TrySetResult()), null, TimeSpan.FromMilliseconds(1 + (40 * random.NextDouble())), Timeout.InfiniteTimeSpan);
        }
        if (!IsFaulty || random.NextDouble() > 0.3)
        {
            Written += Look;
            Look();
        }
        try
        {
            await changed.Task.WaitAsync(caller);
        }
        finally
        {
            Written -= Look;
        }
    }

    private sealed class Connection(SimulatedLease server, SimulatedProcess process, Action<SimulatedProcess, Lease> writing) : ILeaseStore
    {
        public Task<Lease?> ReadAsync(CancellationToken cancellationToken) => server.Travel(process, () => server._stored, cancellationToken);

        public Task<Lease> CreateAsync(Lease lease, CancellationToken cancellationToken)
        {
            writing(process, lease);
            return server.Travel(process, () => server._stored is null ? server.Store(lease)
                : throw new KubernetesException(new Status { Code = 409, Reason = "AlreadyExists" }), cancellationToken);
        }

        public Task<Lease> ReplaceAsync(Lease lease, CancellationToken cancellationToken)
        {
            writing(process, lease);
            return server.Travel(process, () => server._stored is not { } stored ? throw new KubernetesException(new Status { Code = 404, Reason = "NotFound" })
                : stored.Metadata.ResourceVersion == lease.Metadata.ResourceVersion ? server.Store(lease)
                : throw new KubernetesException(new Status { Code = 409, Reason = "Conflict" }), cancellationToken);
        }

        public Task ChangedAsync(Lease seen, CancellationToken cancellationToken) => server.Changed(process, seen, cancellationToken);
    }
}
