namespace Berth.Kubernetes;

/// <summary>An informer, whatever its objects are.</summary>
public interface IInformer
{
    /// <summary>The resource and, if not all is watched, the namespace or the field selector.</summary>
    string Name { get; }

    /// <summary>Whether the cache has been filled once.</summary>
    bool HasSynced { get; }

    /// <summary>How long ago the server was last heard; the greatest time before the first list.</summary>
    TimeSpan Age { get; }

    /// <summary>Follows the server until cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Completes when the cache has been filled once.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken = default);

    /// <summary>Completes when the cache has passed a list that was begun after this call, and every handler has seen its events: a new leader waits for
    /// this before it decides anything.</summary>
    Task RefreshAsync(CancellationToken cancellationToken = default);
}
