using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>
/// One resource of the watched namespaces read as one: an informer for each namespace, since an API server lists one namespace or all, or a
/// single one for the whole cluster. Events of one namespace come in order; handlers are called for several at once.
/// </summary>
internal sealed class ScopedInformers<T> where T : class
{
    private readonly IReadOnlyList<Informer<T>> _parts;

    public ScopedInformers(IEnumerable<Informer<T>> parts)
    {
        _parts = [.. parts];
        Store = new ScopedStore<T>([.. _parts.Select(p => p.Store)]);
    }

    /// <summary>The cached objects.</summary>
    public ScopedStore<T> Store { get; }

    /// <summary>Adds a handler. It first gets the objects that are there, then every change.</summary>
    public void AddHandler(Action<InformerEvent<T>> handle)
    {
        foreach (var part in _parts) part.AddHandler(handle);
    }
}
