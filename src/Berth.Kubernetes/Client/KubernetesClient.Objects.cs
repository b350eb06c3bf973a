using System.Text.Json;

namespace Berth.Kubernetes;

// Typed operations on objects.
public sealed partial class KubernetesClient
{
    /// <summary>Reads an object from the store.</summary>
    /// <exception cref="KubernetesException">Not found, or any other failure.</exception>
    public Task<T> GetAsync<T>(ResourceType<T> type, ObjectKey key, string? subresource = null, CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        return ReadAsync(type, new() { Method = HttpMethod.Get, Path = type.PathOf(key, subresource), Verb = "get" }, cancellationToken);
    }

    /// <summary>Reads an object from the store; null when there is none.</summary>
    /// <exception cref="KubernetesException">Any failure but not found.</exception>
    public async Task<T?> TryGetAsync<T>(ResourceType<T> type, ObjectKey key, CancellationToken cancellationToken = default) where T : class
    {
        try
        {
            return await GetAsync(type, key, null, cancellationToken);
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Creates an object in the namespace that it names (or in <paramref name="ns"/>).</summary>
    /// <exception cref="KubernetesException">It exists already, is invalid, or any other failure.</exception>
    public Task<T> CreateAsync<T>(ResourceType<T> type, T value, string? ns = null, WriteOptions? options = null, CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        var query = new QueryBuilder(type.PathOfCollection(ns ?? type.KeyOf(value).Namespace ?? (type.IsNamespaced ? DefaultNamespace : null)));
        query.Add(options);
        return ReadAsync(type, new() { Method = HttpMethod.Post, Path = query.ToString(), Body = Bytes(type, value), Verb = "create" }, cancellationToken);
    }

    /// <summary>Creates a subresource of an object: a token, an eviction, a binding.</summary>
    /// <typeparam name="T">The object's record; only its place matters.</typeparam>
    /// <typeparam name="TBody">The record of the subresource.</typeparam>
    /// <exception cref="KubernetesException">Any failure; 429 when a disruption budget forbids an eviction.</exception>
    public Task<TBody> CreateSubresourceAsync<T, TBody>(ResourceType<T> type, ObjectKey key, string subresource, TBody body,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<TBody> json, CancellationToken cancellationToken = default) where T : class where TBody : class
    {
        ArgumentNullException.ThrowIfNull(type);
        var request = new ApiRequest
        {
            Method = HttpMethod.Post,
            Path = type.PathOf(key, subresource),
            Body = JsonSerializer.SerializeToUtf8Bytes(body, json),
            Verb = "create",
        };
        return ExchangeAsync(request, answer => JsonSerializer.Deserialize(answer.Span, json)!, cancellationToken);
    }

    /// <summary>Replaces an object. With its resourceVersion in the metadata this is a compare-and-swap. Prefer a patch.</summary>
    /// <exception cref="KubernetesException">A conflict, or any other failure.</exception>
    public Task<T> ReplaceAsync<T>(ResourceType<T> type, T value, string? subresource = null, WriteOptions? options = null, CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        var query = new QueryBuilder(type.PathOf(type.KeyOf(value), subresource));
        query.Add(options);
        return ReadAsync(type, new() { Method = HttpMethod.Put, Path = query.ToString(), Body = Bytes(type, value), Verb = "update" }, cancellationToken);
    }

    /// <summary>Patches an object or a subresource of it (<c>status</c>, <c>scale</c>).</summary>
    /// <exception cref="KubernetesException">A conflict, or any other failure.</exception>
    public Task<T> PatchAsync<T>(ResourceType<T> type, ObjectKey key, Patch patch, string? subresource = null, WriteOptions? options = null, CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(patch);
        if (patch.IsApply && string.IsNullOrEmpty(options?.FieldManager)) throw new ArgumentException("A server-side apply needs WriteOptions.FieldManager.", nameof(options));
        var query = new QueryBuilder(type.PathOf(key, subresource));
        query.Add(options);
        return ReadAsync(type, new()
        {
            Method = HttpMethod.Patch,
            Path = query.ToString(),
            Body = patch.Body,
            ContentType = patch.ContentType,
            Verb = patch.IsApply ? "apply" : "patch",
        }, cancellationToken);
    }

    /// <summary>Asks for the deletion of an object. True when the server took it (finalizers may still hold the object), false when
    /// there was none.</summary>
    /// <exception cref="KubernetesException">A precondition failed (a conflict), or any other failure.</exception>
    public async Task<bool> DeleteAsync(ResourceType type, ObjectKey key, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        try
        {
            await SendForBytesAsync(new() { Method = HttpMethod.Delete, Path = type.PathOf(key), Body = DeleteBody.Write(options), Verb = "delete" }, cancellationToken);
            return true;
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Asks for the deletion of all objects that are selected.</summary>
    /// <exception cref="KubernetesException">Any failure.</exception>
    public Task DeleteCollectionAsync(ResourceType type, string? ns, ListOptions? selection = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return SendForBytesAsync(new()
        {
            Method = HttpMethod.Delete,
            Path = ListPath(type, ns, selection),
            Body = DeleteBody.Write(options),
            Verb = "deletecollection",
        }, cancellationToken);
    }

    /// <summary>Reads one page of a list.</summary>
    /// <param name="type">The resource.</param>
    /// <param name="ns">One namespace, or null for all.</param>
    /// <param name="options">Selectors and paging.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="KubernetesException">Any failure; <see cref="KubernetesException.IsGone"/> when a continue token has expired.</exception>
    public Task<ResourceList<T>> ListAsync<T>(ResourceType<T> type, string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        return ExchangeAsync(new() { Method = HttpMethod.Get, Path = ListPath(type, ns, options), Verb = "list" },
            body => ResourceList<T>.Parse(body.Span, type), cancellationToken);
    }

    /// <summary>Reads a whole list in pages of <see cref="ListOptions.Limit"/> (500 when null), as of one resourceVersion. When a
    /// continue token expires on the way, the list is read again in one piece.</summary>
    /// <exception cref="KubernetesException">Any failure.</exception>
    public async Task<ResourceList<T>> ListAllAsync<T>(ResourceType<T> type, string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default) where T : class
    {
        options ??= new();
        var page = options with { Limit = options.Limit ?? 500 };
        var items = new List<T>();
        while (true)
        {
            ResourceList<T> list;
            try
            {
                list = await ListAsync(type, ns, page, cancellationToken);
            }
            catch (KubernetesException error) when (error.IsGone && page.Continue is not null)
            {
                return await ListAsync(type, ns, options with { Limit = null, Continue = null, ResourceVersion = null, ResourceVersionMatch = null }, cancellationToken);
            }
            items.AddRange(list.Items);
            if (string.IsNullOrEmpty(list.Continue)) return list with { Items = items };
            page = page with { Continue = list.Continue, ResourceVersion = null, ResourceVersionMatch = null };
        }
    }

    private static byte[] Bytes<T>(ResourceType<T> type, T value) where T : class => JsonSerializer.SerializeToUtf8Bytes(value, type.Json);

    private static string ListPath(ResourceType type, string? ns, ListOptions? options)
    {
        var query = new QueryBuilder(type.PathOfCollection(ns));
        query.Add("labelSelector", options?.LabelSelector);
        query.Add("fieldSelector", options?.FieldSelector);
        query.Add("limit", options?.Limit?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        query.Add("continue", options?.Continue);
        query.Add("resourceVersion", options?.ResourceVersion);
        query.Add("resourceVersionMatch", options?.ResourceVersionMatch);
        return query.ToString();
    }

    private Task<T> ReadAsync<T>(ResourceType<T> type, ApiRequest request, CancellationToken cancellationToken) where T : class =>
        ExchangeAsync(request, body => ManagedFields.Read(body.Span, type), cancellationToken);
}
