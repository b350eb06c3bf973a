namespace Berth.Kubernetes;

/// <summary>One unbroken time of leading.</summary>
/// <param name="Epoch">The lease's <c>leaseTransitions</c>: greater than that of every term before.</param>
/// <param name="Stop">Asks to finish: a shutdown, or a new term of our own under a greater epoch. The lease is kept until the work has ended.</param>
/// <param name="Lost">The lease is no longer ours: stop everything at once, and write nothing. Cancels <paramref name="Stop"/> too.</param>
public sealed record LeaderTerm(long Epoch, CancellationToken Stop, CancellationToken Lost);

/// <summary>How an election ended.</summary>
public enum LeaderOutcome
{
    /// <summary>It was stopped; a held lease was released after the work had ended.</summary>
    Stopped,

    /// <summary>The lease was lost, or its work ended by itself. The process should exit: what it knows may be stale.</summary>
    Lost,
}

/// <summary>Who leads, as the lease says.</summary>
/// <param name="Identity">Identity of the holder; empty when nobody holds it.</param>
/// <param name="Epoch">The lease's <c>leaseTransitions</c>.</param>
/// <param name="Annotations">Annotations of the lease, such as the leader's address.</param>
public sealed record LeaderRecord(string Identity, long Epoch, IReadOnlyDictionary<string, string> Annotations)
{
    internal static LeaderRecord Of(Lease lease) => new(
        lease.Spec?.HolderIdentity ?? "", lease.Spec?.LeaseTransitions ?? 0, lease.Metadata.Annotations ?? new Dictionary<string, string>())
    { RenewedAt = lease.Spec?.RenewTime };

    /// <summary>When the leader last renewed the lease, by its own clock.</summary>
    public DateTimeOffset? RenewedAt { get; init; }
}
