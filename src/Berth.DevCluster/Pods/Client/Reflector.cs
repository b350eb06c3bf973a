using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Pods.Client;

/// <summary>
/// Keeps a copy of one collection by list and watch: of each object what <paramref name="keep"/> makes of it. Calls
/// <paramref name="changed"/> in order with the old and the new state (null, item: added; item, null: gone, also when
/// the deletion itself was missed during a gap; another uid under the same name is a removal and an addition).
/// </summary>
internal class Reflector<T>(ApiClient api, string path, Func<JsonObject, T> keep, Action<T?, T?> changed, Action<string> report)
    where T : class
{
    private readonly ConcurrentDictionary<string, Entry> _items = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Entry(string Uid, string Version, T Item);

    /// <summary>Completes when the first list has been delivered.</summary>
    public Task Synced => _synced.Task;

    public IEnumerable<T> All => _items.Select(static pair => pair.Value.Item);

    public T? Get(string ns, string name) => _items.GetValueOrDefault($"{ns}/{name}")?.Item;

    public async Task RunAsync(CancellationToken cancel)
    {
        string? version = null;
        TimeSpan wait = TimeSpan.FromMilliseconds(100);
        while (!cancel.IsCancellationRequested)
        {
            DateTimeOffset began = DateTimeOffset.UtcNow;
            try
            {
                version ??= await ListAsync(cancel);
                version = await FollowAsync(version, cancel);
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                // Also after a mere broken connection: a server that came back may have lost what it had counted.
                version = null;
                if (fault is not ApiException { IsGone: true })
                {
                    report($"watch of {path} broke and starts anew: {fault.Message}");
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }

            bool healthy = DateTimeOffset.UtcNow - began > TimeSpan.FromSeconds(5);
            wait = healthy ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, TimeSpan.FromSeconds(3).Ticks));
            await Task.Delay(wait, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string> ListAsync(CancellationToken cancel)
    {
        var seen = new HashSet<string>();
        string more = "";
        string version;
        do
        {
            JsonObject page = await api.GetAsync($"{path}?limit=500{more}", cancel);
            version = page.Text("metadata", "resourceVersion") ?? "";
            foreach (JsonObject item in page.Items("items").OfType<JsonObject>().ToList())
            {
                seen.Add(item.Key());
                Set(item);
            }

            more = page.Text("metadata", "continue") is { Length: > 0 } token ? $"&continue={Uri.EscapeDataString(token)}" : "";
        }
        while (more.Length > 0);

        foreach (string vanished in _items.Keys.Where(key => !seen.Contains(key)).ToList())
        {
            if (_items.TryRemove(vanished, out Entry? last))
            {
                changed(last.Item, null);
            }
        }

        _synced.TrySetResult();
        return version;
    }

    private async Task<string> FollowAsync(string version, CancellationToken cancel)
    {
        string query = $"{path}?watch=1&allowWatchBookmarks=true&timeoutSeconds={Random.Shared.Next(300, 600)}&resourceVersion={version}";
        await foreach (var (type, item) in api.WatchAsync(query, cancel))
        {
            version = item.Text("metadata", "resourceVersion") ?? version;
            if (type == "DELETED")
            {
                _items.TryRemove(item.Key(), out _);
                changed(keep(item), null);
            }
            else if (type != "BOOKMARK")
            {
                Set(item);
            }
        }

        return version;
    }

    private void Set(JsonObject item)
    {
        var next = new Entry(item.Uid(), item.Text("metadata", "resourceVersion") ?? "", keep(item));
        Entry? old = _items.GetValueOrDefault(item.Key());
        if (old is not null && old.Version == next.Version && old.Uid == next.Uid)
        {
            return;
        }

        _items[item.Key()] = next;
        if (old is not null && old.Uid != next.Uid)
        {
            changed(old.Item, null);
            old = null;
        }

        changed(old?.Item, next.Item);
    }
}

/// <summary>A reflector that keeps whole objects.</summary>
internal sealed class Reflector(ApiClient api, string path, Action<JsonObject?, JsonObject?> changed, Action<string> report)
    : Reflector<JsonObject>(api, path, static item => item, changed, report);
