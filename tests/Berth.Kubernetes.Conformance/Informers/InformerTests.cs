using Xunit;

namespace Berth.Kubernetes.Conformance.Informers;

public class InformerTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Fills_its_cache_and_follows(bool streaming)
    {
        await using var fixture = await InformerFixture.StartAsync(server =>
        {
            server.Streaming = streaming;
            server.Set("a", "1");
            server.Set("b", "1");
        });
        fixture.Server.Set("a", "2");
        fixture.Server.Set("c", "1");
        fixture.Server.Remove("b");
        await Eventually.Holds(() => fixture.Events.Count == 5);
        Assert.Equal(["initial Added a", "initial Added b", "Updated a", "Added c", "Deleted b"], fixture.Story);
        Assert.Equal("2", fixture.Value("a"));
        Assert.Equal(2, fixture.Informer.Store.Count);
        Assert.Equal(streaming ? 0 : 1, fixture.Server.Lists);
        Assert.Equal("1", fixture.Events.ElementAt(2).Old!.Data!["value"]);
    }

    [Fact]
    public async Task Lists_in_pages_when_streaming_is_refused()
    {
        await using var fixture = await InformerFixture.StartAsync(
            server =>
            {
                server.Streaming = false;
                for (var i = 0; i < 25; i++) server.Set($"o{i}");
            },
            InformerFixture.Quick with { PageSize = 10 });
        Assert.Equal(25, fixture.Informer.Store.Count);
        Assert.Equal(3, fixture.Server.Pages);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Reports_what_vanished_in_a_gap(bool asEvent)
    {
        await using var fixture = await InformerFixture.StartAsync(server =>
        {
            server.Set("gone");
            server.Set("stays");
            server.Set("replaced");
        });
        var first = fixture.Informer.Store.Get(new("ns", "replaced"))!.Metadata.Uid;
        var refuse = true;
        fixture.Server.Intercept = async http =>
        {
            if (!refuse) return false;
            await FakeApi.Status(http, 503, "ServiceUnavailable");
            return true;
        };
        fixture.Server.CutWatches();
        fixture.Server.Remove("gone");
        fixture.Server.ReplaceSilently("replaced");
        fixture.Server.Set("new");
        fixture.Server.Compact();
        if (asEvent)
            fixture.Server.Intercept = http => AnswerWatchWithGoneEvent(http, () => refuse, () => refuse = false);
        refuse = asEvent;
        await Eventually.Holds(() => fixture.Value("new") is not null);
        await fixture.Informer.DrainHandlersAsync();
        var story = fixture.Story.Skip(3).ToList();
        Assert.Contains("missed Deleted gone", story);
        Assert.Contains("missed Deleted replaced", story);
        Assert.Contains("Added replaced", story);
        Assert.True(story.IndexOf("missed Deleted replaced") < story.IndexOf("Added replaced"));
        Assert.Contains("Added new", story);
        Assert.DoesNotContain(story, static line => line.EndsWith("stays", StringComparison.Ordinal));
        Assert.Null(fixture.Informer.Store.Get(new("ns", "gone")));
        Assert.Equal(first, fixture.Events.First(static e => e is { IsTombstone: true, Key.Name: "replaced" }).Object.Metadata.Uid);
    }

    [Fact]
    public async Task A_new_uid_under_an_old_name_is_a_deletion_and_an_addition()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        fixture.Server.Set("a", newUid: true);
        await Eventually.Holds(() => fixture.Events.Count == 3);
        Assert.Equal(["initial Added a", "missed Deleted a", "Added a"], fixture.Story);
    }

    [Fact]
    public async Task A_cut_watch_goes_on_without_a_list_and_misses_nothing()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a", "0"));
        for (var i = 1; i <= 20; i++)
        {
            fixture.Server.Set("a", $"{i}");
            if (i % 3 == 0) fixture.Server.CutWatches();
            if (i % 5 == 0) await Eventually.Holds(() => fixture.Value("a") == $"{i}");
        }
        await Eventually.Holds(() => fixture.Events.Count == 21);
        Assert.Equal(Enumerable.Range(0, 21).Select(static i => $"{i}"), fixture.Events.Select(static e => e.Object.Data!["value"]));
        Assert.Equal(1, fixture.Server.StreamedLists);
        Assert.Equal(0, fixture.Server.Lists);
    }

    [Fact]
    public async Task Goes_on_from_the_last_bookmark()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        fixture.Server.Bookmark();
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Value("b") is not null);
        fixture.Server.Bookmark();
        var version = fixture.Server.Version;
        fixture.Server.Set("c");
        await Eventually.Holds(() => fixture.Value("c") is not null);
        fixture.Server.CutWatches();
        await Eventually.Holds(() => fixture.Server.Watches == 1);
        Assert.Contains($"resourceVersion={version + 1}", fixture.Server.Queries[^1], StringComparison.Ordinal);
        Assert.Contains("allowWatchBookmarks=true", fixture.Server.Queries[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_or_429_is_followed_by_a_watch_not_a_list()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var refusals = 4;
        fixture.Server.Intercept = async http =>
        {
            if (refusals == 0) return false;
            if (--refusals % 2 == 0) http.Abort();
            else await FakeApi.Status(http, 429, "TooManyRequests");
            return true;
        };
        fixture.Server.CutWatches();
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Value("b") is not null);
        Assert.Equal(1, fixture.Server.StreamedLists);
        Assert.Equal(0, fixture.Server.Lists);
    }

    [Fact]
    public async Task A_version_ahead_of_the_server_is_asked_for_again()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var refusals = 2;
        fixture.Server.Intercept = async http =>
        {
            if (refusals-- <= 0) return false;
            await FakeApi.Status(http, 504, "Timeout", "Too large resource version: 900, current: 100");
            return true;
        };
        fixture.Server.CutWatches();
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Value("b") is not null);
        Assert.Equal(1, fixture.Server.StreamedLists);
    }

    [Fact]
    public async Task A_server_that_answers_watches_with_nothing_is_not_hammered()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"), new() { MinBackoff = TimeSpan.FromMilliseconds(100) });
        var asked = 0;
        fixture.Server.Intercept = async http =>
        {
            Interlocked.Increment(ref asked);
            await FakeApi.Json(http, 200, "");
            return true;
        };
        fixture.Server.CutWatches();
        await Eventually.Holds(() => asked > 0);
        // 100 ms doubled and stretched: at least 0.1 + 0.2 + 0.4 + 0.8 s pass before the fifth.
        await Task.Delay(1000);
        Assert.InRange(asked, 1, 4);
    }

    [Fact]
    public async Task A_silent_connection_is_given_up_and_the_cache_goes_on()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"), InformerFixture.Quick with { IdleTimeout = TimeSpan.FromMilliseconds(300) });
        fixture.Server.Frozen = true;
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Server.Watches > 0);
        fixture.Server.Frozen = false;
        await Eventually.Holds(() => fixture.Value("b") is not null);
        Assert.Equal(1, fixture.Server.StreamedLists);
    }

    [Fact]
    public async Task An_event_larger_than_a_mebibyte_arrives_whole()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var large = new string('x', 1_500_000);
        fixture.Server.Set("a", large);
        fixture.Server.Set("b", "after");
        await Eventually.Holds(() => fixture.Value("b") == "after");
        Assert.Equal(large, fixture.Value("a"));
    }

    [Fact]
    public async Task An_unreadable_event_costs_one_connection_and_nothing_else()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        fixture.Server.Say("{\"type\":\"ADDED\",\"object\":{\"metadata\":");
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Server.Watches > 0);
        fixture.Server.Compact();
        fixture.Server.Set("c");
        await Eventually.Holds(() => fixture.Value("c") is not null && fixture.Value("b") is not null);
    }

    private static async Task<bool> AnswerWatchWithGoneEvent(Microsoft.AspNetCore.Http.HttpContext http, Func<bool> refuse, Action done)
    {
        if (!refuse() || http.Request.Query["sendInitialEvents"] == "true") return false;
        done();
        await FakeApi.Json(http, 200, """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}}""" + "\n");
        return true;
    }
}
