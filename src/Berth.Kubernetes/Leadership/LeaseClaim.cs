namespace Berth.Kubernetes;

/// <summary>The record of a lease as this process has seen and written it. Used by one loop only. Every write is a compare-and-swap: one that
/// arrives late changes nothing that happened since.</summary>
internal sealed class LeaseClaim(ILeaseStore store, LeaderElectorOptions options)
{
    private readonly TimeProvider _time = options.Time;
    private Lease? _seen;
    private long _changedAt;
    private long _highest;
    private bool _vanished;

    /// <summary>The last record seen; null when there is no lease.</summary>
    public LeaderRecord? Record => _seen is null ? null : LeaderRecord.Of(_seen);

    /// <summary>Makes sure that the next term's epoch is greater.</summary>
    public void RaiseAbove(long epoch) => _highest = Math.Max(_highest, epoch);

    /// <summary>Takes the lease if it is free or has not changed for its duration on our own clock. The epoch of the term and when it was asked
    /// for; null when somebody else holds it.</summary>
    public async Task<(long Epoch, long AskedAt)?> TryAcquireAsync(CancellationToken cancellationToken)
    {
        See(await store.ReadAsync(cancellationToken));
        if (!IsFree()) return null;
        var askedAt = _time.GetTimestamp();
        var epoch = _highest + 1;
        var now = _time.GetUtcNow();
        var metadata = _seen?.Metadata ?? new() { Namespace = options.Lease.Namespace, Name = options.Lease.Name };
        var claim = (_seen ?? new()) with
        {
            Metadata = Annotated(metadata),
            Spec = (_seen?.Spec ?? new()) with
            {
                HolderIdentity = options.Identity,
                LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds,
                AcquireTime = now,
                RenewTime = now,
                LeaseTransitions = epoch,
            },
        };
        See(_seen is null ? await store.CreateAsync(claim, cancellationToken) : await store.ReplaceAsync(claim, cancellationToken));
        return (epoch, askedAt);
    }

    /// <summary>After how long the lease will be free if nobody renews it; zero when it is free.</summary>
    public TimeSpan FreeIn
    {
        get
        {
            return IsFree() ? TimeSpan.Zero : Duration - _time.GetElapsedTime(_changedAt);
        }
    }

    /// <summary>Completes when the lease has changed since it was last seen; fails when that cannot be told.</summary>
    public Task ChangedAsync(CancellationToken cancellationToken) =>
        _seen is { } seen ? store.ChangedAsync(seen, cancellationToken) : Task.FromException(new KubernetesException("there is no lease to watch"));

    /// <summary>Renews the lease of a term. When that was asked for; null when the lease is not ours any more.</summary>
    public async Task<long?> RenewAsync(ActiveTerm term, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(Renewed(_seen!), cancellationToken);
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            // Somebody deleted the lease: that is how a person asks for another leader.
            return null;
        }
        catch (KubernetesException error) when (error.IsConflict)
        {
            See(await store.ReadAsync(cancellationToken));
        }
        // The term may have run out while we read: then nothing is written any more.
        if (!term.Holds || !IsHeldBy(_seen, options.Identity, term.Epoch)) return null;
        return await WriteAsync(Renewed(_seen!), cancellationToken);
    }

    /// <summary>Gives the lease up, so that another may take it at once. Its epoch stays in it.</summary>
    public Task ReleaseAsync(CancellationToken cancellationToken) => WriteAsync(
        _seen! with { Spec = _seen.Spec! with { HolderIdentity = "", LeaseDurationSeconds = 1, RenewTime = _time.GetUtcNow() } }, cancellationToken);

    /// <summary>Asks the store, past every cache, whether a term still holds the lease.</summary>
    public async Task<bool> IsHeldAsync(long epoch, CancellationToken cancellationToken) =>
        IsHeldBy(await store.ReadAsync(cancellationToken), options.Identity, epoch);

    private static bool IsHeldBy(Lease? lease, string identity, long epoch) =>
        lease?.Spec is { } spec && spec.HolderIdentity == identity && (spec.LeaseTransitions ?? 0) == epoch;

    private static bool IsSame(LeaseSpec? left, LeaseSpec? right) =>
        left?.HolderIdentity == right?.HolderIdentity && left?.LeaseTransitions == right?.LeaseTransitions && left?.RenewTime == right?.RenewTime
        && left?.AcquireTime == right?.AcquireTime && left?.LeaseDurationSeconds == right?.LeaseDurationSeconds;

    private TimeSpan Duration => _seen?.Spec?.LeaseDurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.LeaseDuration;

    // Expiry is judged by when we saw the record change, never by the times in it: those are another machine's. Who held a lease that somebody
    // deleted does not know yet, and counts as a leader for as long as if it had just renewed it.
    private bool IsFree() => (_seen is null ? !_vanished : !IsOthers(_seen)) || _time.GetElapsedTime(_changedAt) > Duration;

    private bool IsOthers(Lease lease) => lease.Spec?.HolderIdentity is { Length: > 0 } holder && holder != options.Identity;

    private async Task<long> WriteAsync(Lease lease, CancellationToken cancellationToken)
    {
        var askedAt = _time.GetTimestamp();
        See(await store.ReplaceAsync(lease, cancellationToken));
        return askedAt;
    }

    private Lease Renewed(Lease lease) => lease with
    {
        Metadata = Annotated(lease.Metadata),
        Spec = lease.Spec! with { RenewTime = _time.GetUtcNow(), LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds },
    };

    private ObjectMeta Annotated(ObjectMeta metadata)
    {
        if (options.Annotations is not { Count: > 0 } ours) return metadata;
        var all = new Dictionary<string, string>(metadata.Annotations ?? new Dictionary<string, string>());
        foreach (var (key, value) in ours) all[key] = value;
        return metadata with { Annotations = all };
    }

    private void See(Lease? lease)
    {
        if ((lease is null) != (_seen is null) || (lease is not null && !IsSame(lease.Spec, _seen!.Spec))) _changedAt = _time.GetTimestamp();
        _vanished = lease is null && (_vanished || (_seen is not null && IsOthers(_seen)));
        _seen = lease;
        RaiseAbove(lease?.Spec?.LeaseTransitions ?? 0);
    }
}
