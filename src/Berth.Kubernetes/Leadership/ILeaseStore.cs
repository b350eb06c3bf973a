namespace Berth.Kubernetes;

/// <summary>The three requests an election makes.</summary>
internal interface ILeaseStore
{
    /// <summary>A read through to the store (never a cache); null when there is no lease.</summary>
    Task<Lease?> ReadAsync(CancellationToken cancellationToken);

    Task<Lease> CreateAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>A compare-and-swap on the resourceVersion.</summary>
    Task<Lease> ReplaceAsync(Lease lease, CancellationToken cancellationToken);
}

/// <summary>The lease on the API server.</summary>
internal sealed class ApiLeaseStore(KubernetesClient client, ObjectKey key) : ILeaseStore
{
    public Task<Lease?> ReadAsync(CancellationToken cancellationToken) => client.TryGetAsync(Resources.Leases, key, cancellationToken);

    public Task<Lease> CreateAsync(Lease lease, CancellationToken cancellationToken) => client.CreateAsync(Resources.Leases, lease, cancellationToken: cancellationToken);

    public Task<Lease> ReplaceAsync(Lease lease, CancellationToken cancellationToken) => client.ReplaceAsync(Resources.Leases, lease, cancellationToken: cancellationToken);
}
