using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Berth.Kubernetes;

// Watches.
public sealed partial class KubernetesClient
{
    /// <summary>Watches a collection. The sequence ends when the server ends the stream; <see cref="Informer{T}"/> is what goes on by itself.</summary>
    /// <param name="type">The resource.</param>
    /// <param name="ns">One namespace, or null for all.</param>
    /// <param name="options">Where to begin, selectors, bookmarks.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="KubernetesException">The watch was refused, broke, or reported an error; <see cref="KubernetesException.IsGone"/> means: list again.</exception>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(ResourceType<T> type, string? ns, WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        options ??= new();
        var request = new ApiRequest { Method = HttpMethod.Get, Path = WatchPath(type, ns, options), IsStream = true, Verb = "watch" };
        using var idle = new TimeLimit(Timeout.InfiniteTimeSpan, Time, cancellationToken);
        using var response = await SendAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var lines = new LineReader(stream);
        while (await MoreAsync(request, lines, idle, options.IdleTimeout, cancellationToken))
            while (lines.TryTake(out var line)) yield return ParseEvent(request, line, type);
    }

    private static WatchEvent<T> ParseEvent<T>(ApiRequest request, ReadOnlyMemory<byte> line, ResourceType<T> type) where T : class
    {
        try
        {
            return WatchEventParser.Parse(line.Span, type);
        }
        catch (JsonException error)
        {
            throw new KubernetesException($"{request.Path}: an event of the watch cannot be read: {error.Message}", error);
        }
    }

    private static async ValueTask<bool> MoreAsync(ApiRequest request, LineReader lines, TimeLimit idle, TimeSpan? limit, CancellationToken caller)
    {
        try
        {
            // Only the time spent waiting counts, not the time the consumer takes.
            if (limit is { } pause) idle.Restart(pause);
            var more = await lines.ReadAsync(idle.Token);
            if (limit is not null) idle.Restart(Timeout.InfiniteTimeSpan);
            return more;
        }
        catch (Exception error) when (IsTransport(error, caller))
        {
            throw NoAnswer(request, error);
        }
    }

    private static string WatchPath(ResourceType type, string? ns, WatchOptions options)
    {
        var query = new QueryBuilder(type.PathOfCollection(ns));
        query.Add("watch", "1");
        query.Add("labelSelector", options.LabelSelector);
        query.Add("fieldSelector", options.FieldSelector);
        if (options.Bookmarks) query.Add("allowWatchBookmarks", "true");
        if (options.SendInitialEvents)
        {
            query.Add("sendInitialEvents", "true");
            query.Add("resourceVersionMatch", "NotOlderThan");
        }
        query.Add("resourceVersion", options.ResourceVersion);
        if (options.Timeout is { } timeout) query.Add("timeoutSeconds", ((long)Math.Ceiling(timeout.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        return query.ToString();
    }
}
