using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>Watches and consistent lists.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private DevCluster _cluster = null!;
    private TestApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new() { Controllers = false, HistoryCapacity = 100, BookmarkInterval = TimeSpan.FromMilliseconds(100) });
        _api = new TestApi(_cluster);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _cluster.DisposeAsync();
    }

    private async Task<string> Create(string name, string labels = "{}")
    {
        var reply = await _api.Post(Maps, $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}}}}""");
        Assert.Equal(201, reply.Status);
        return reply.Version;
    }

    [Fact]
    public async Task A_watch_from_a_list_sees_exactly_what_came_after()
    {
        await Create("before");
        var list = await _api.Get(Maps);
        await Create("after");
        await _api.Delete(Maps + "/before");
        var events = await _api.Watch($"{Maps}?watch=1&resourceVersion={list.Version}", 2);
        Assert.Equal(["ADDED after", "DELETED before"], events.Select(e => $"{e["type"]} {e["object"]!["metadata"]!["name"]}"));
    }

    [Fact]
    public async Task An_object_enters_and_leaves_a_selection()
    {
        var start = await Create("x");
        await _api.Merge(Maps + "/x", """{"metadata":{"labels":{"a":"1"}}}""");
        var left = await _api.Merge(Maps + "/x", """{"metadata":{"labels":{"a":"2"}}}""");
        var events = await _api.Watch($"{Maps}?watch=1&resourceVersion={start}&labelSelector=a%3D1", 2);
        Assert.Equal(["ADDED", "DELETED"], events.Select(e => (string)e["type"]!));
        Assert.Equal(left.Version, (string)events[1]["object"]!["metadata"]!["resourceVersion"]!);
        Assert.Equal("1", (string)events[1]["object"]!["metadata"]!["labels"]!["a"]!);
    }

    [Fact]
    public async Task History_is_bounded_and_says_so()
    {
        var start = await Create("x");
        for (var i = 0; i < 150; i++) await _api.Merge(Maps + "/x", $$$"""{"data":{"n":"{{{i}}}"}}""");
        var events = await _api.Watch($"{Maps}?watch=1&resourceVersion={start}", 1);
        Assert.Equal(("ERROR", 410, "Expired"), ((string)events[0]["type"]!, (int)events[0]["object"]!["code"]!, (string)events[0]["object"]!["reason"]!));
    }

    [Fact]
    public async Task Bookmarks_come_to_idle_watches_and_move_on_with_the_cluster()
    {
        var start = await Create("x");
        await _api.Post("/api/v1/namespaces", """{"metadata":{"name":"elsewhere"}}""");
        var events = await _api.Watch($"{Maps}?watch=1&resourceVersion={start}&allowWatchBookmarks=true", 1);
        Assert.Equal("BOOKMARK", (string)events[0]["type"]!);
        Assert.True(long.Parse((string)events[0]["object"]!["metadata"]!["resourceVersion"]!) > long.Parse(start));
    }

    [Fact]
    public async Task A_cut_watch_ends_and_can_be_taken_up_again()
    {
        var start = await Create("x");
        var watching = _api.Watch($"{Maps}?watch=1&resourceVersion={start}", 5, seconds: 20);
        while (!watching.IsCompleted)
        {
            _cluster.CutWatches();
            await Task.Yield();
        }
        Assert.Empty(await watching);
        await Create("y");
        Assert.Single(await _api.Watch($"{Maps}?watch=1&resourceVersion={start}", 1));
    }

    [Fact]
    public async Task Pages_show_one_version_whatever_happens_in_between()
    {
        for (var i = 0; i < 25; i++) await Create($"m{i:00}");
        var first = await _api.Get(Maps + "?limit=10");
        await _api.Delete(Maps + "/m15");
        await Create("m155");
        await _api.Merge(Maps + "/m20", """{"data":{"new":"1"}}""");
        var (names, next, versions) = (first.Names.ToList(), (string?)first.Body["metadata"]!["continue"], new HashSet<string> { first.Version });
        Assert.Equal(15, (long)first.Body["metadata"]!["remainingItemCount"]!);
        while (!string.IsNullOrEmpty(next))
        {
            var page = await _api.Get($"{Maps}?limit=10&continue={Uri.EscapeDataString(next)}");
            names.AddRange(page.Names);
            versions.Add(page.Version);
            next = (string?)page.Body["metadata"]!["continue"];
        }
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"m{i:00}"), names);
        Assert.Single(versions);
    }

    [Fact]
    public async Task A_page_after_a_compaction_is_gone()
    {
        for (var i = 0; i < 5; i++) await Create($"m{i}");
        var first = await _api.Get(Maps + "?limit=2");
        await Create("later");
        _cluster.Compact();
        var page = await _api.Get($"{Maps}?limit=2&continue={Uri.EscapeDataString((string)first.Body["metadata"]!["continue"]!)}");
        Assert.Equal((410, "Expired"), (page.Status, page.Reason));
    }

    [Fact]
    public async Task A_list_at_an_exact_version_is_as_it_was()
    {
        await Create("a");
        var version = await Create("b");
        await _api.Delete(Maps + "/a");
        Assert.Equal(["a", "b"], (await _api.Get($"{Maps}?resourceVersion={version}&resourceVersionMatch=Exact")).Names);
    }

    [Fact]
    public async Task No_event_is_lost_or_doubled_while_many_write()
    {
        var start = (await _api.Get(Maps)).Version;
        var watching = _api.Watch($"{Maps}?watch=1&resourceVersion={start}", 80, seconds: 30);
        await Task.WhenAll(Enumerable.Range(0, 80).Select(i => Create($"w{i}")));
        var versions = (await watching).Select(e => long.Parse((string)e["object"]!["metadata"]!["resourceVersion"]!)).ToList();
        Assert.Equal(80, versions.Distinct().Count());
        Assert.Equal(versions.Order(), versions);
    }
}
