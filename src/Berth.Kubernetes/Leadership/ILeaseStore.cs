namespace Berth.Kubernetes;

/// <summary>The requests an election makes.</summary>
internal interface ILeaseStore
{
    /// <summary>A read through to the store (never a cache); null when there is no lease.</summary>
    Task<Lease?> ReadAsync(CancellationToken cancellationToken);

    Task<Lease> CreateAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>A compare-and-swap on the resourceVersion.</summary>
    Task<Lease> ReplaceAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>Completes when the lease is another one than <paramref name="seen"/>; fails when that cannot be told. A hint: what changed is read.</summary>
    Task ChangedAsync(Lease seen, CancellationToken cancellationToken);
}

/// <summary>The lease on the API server.</summary>
internal sealed class ApiLeaseStore(KubernetesClient client, ObjectKey key) : ILeaseStore
{
    public Task<Lease?> ReadAsync(CancellationToken cancellationToken) => client.TryGetAsync(Resources.Leases, key, cancellationToken);

    public Task<Lease> CreateAsync(Lease lease, CancellationToken cancellationToken) => client.CreateAsync(Resources.Leases, lease, cancellationToken: cancellationToken);

    public Task<Lease> ReplaceAsync(Lease lease, CancellationToken cancellationToken) => client.ReplaceAsync(Resources.Leases, lease, cancellationToken: cancellationToken);

    public async Task ChangedAsync(Lease seen, CancellationToken cancellationToken)
    {
        var one = new WatchOptions { FieldSelector = $"metadata.name={key.Name}", ResourceVersion = seen.Metadata.ResourceVersion, Bookmarks = false };
        await foreach (var change in client.WatchAsync(Resources.Leases, key.Namespace, one, cancellationToken))
            if (change.Type is not WatchEventType.Bookmark) return;
        throw new KubernetesException("the watch of the lease has ended");
    }
}
