using System.Collections.Concurrent;
using Xunit;

namespace Berth.Kubernetes.Conformance.Informers;

public class HandlerTests
{
    [Fact]
    public async Task A_slow_or_throwing_handler_holds_up_nobody()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var release = new TaskCompletionSource();
        var late = 0;
        fixture.Informer.AddHandler(static e => throw new InvalidOperationException($"no {e.Key}"));
        fixture.Informer.AddHandler(async _ =>
        {
            await release.Task;
            Interlocked.Increment(ref late);
        });
        for (var i = 0; i < 50; i++) fixture.Server.Set("a", $"{i}");
        await Eventually.Holds(() => fixture.Events.Count == 51);
        Assert.Equal(0, late);
        release.SetResult();
        await Eventually.Holds(() => late == 51);
    }

    [Fact]
    public async Task A_handler_that_comes_late_first_gets_what_is_there()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var seen = new List<string>();
        using var handler = fixture.Informer.AddHandler(e => seen.Add($"{e.IsInitial} {e.Type} {e.Key.Name}"));
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Value("b") is not null);
        await fixture.Informer.DrainHandlersAsync();
        Assert.Equal(["True Added a", "False Added b"], seen);
    }

    [Fact]
    public async Task A_removed_handler_hears_no_more()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var count = 0;
        var handler = fixture.Informer.AddHandler(_ => Interlocked.Increment(ref count));
        await fixture.Informer.DrainHandlersAsync();
        handler.Dispose();
        fixture.Server.Set("b");
        await Eventually.Holds(() => fixture.Events.Count == 2);
        Assert.Equal(1, count);
    }

    [Fact]
    public async Task A_refresh_ends_after_a_list_that_began_later_and_after_its_events()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        fixture.Server.Frozen = true;
        fixture.Server.Set("b");
        fixture.Server.Remove("a", silently: true);
        var handled = new List<string>();
        fixture.Informer.AddHandler(e => handled.Add($"{e.Type} {e.Key.Name}"));
        await fixture.Informer.RefreshAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(["Added a", "Deleted a", "Added b"], handled);
        Assert.Equal(2, fixture.Server.StreamedLists);
        Assert.NotNull(fixture.Value("b"));
    }

    [Fact]
    public async Task A_refresh_waits_through_failures()
    {
        await using var fixture = await InformerFixture.StartAsync(static server => server.Set("a"));
        var refusals = 3;
        fixture.Server.Intercept = async http =>
        {
            if (refusals-- <= 0) return false;
            await FakeApi.Status(http, 503, "ServiceUnavailable");
            return true;
        };
        await fixture.Informer.RefreshAsync().WaitAsync(Eventually.Limit);
        Assert.True(refusals < 0);
    }

    [Fact]
    public async Task A_transform_decides_what_is_kept_and_managed_fields_never_are()
    {
        var server = new FakeCollection();
        server.Set("a", "secret");
        await using var api = await FakeApi.StartAsync(server.AnswerAsync);
        using var client = api.Client();
        using var stop = new CancellationTokenSource();
        var informer = new InformerFactory(client).For(Resources.ConfigMaps).UseTransform(static map => map with { Data = null, Extra = null });
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        var kept = informer.Store.Get(new("ns", "a"))!;
        Assert.Null(kept.Data);
        Assert.Null(kept.Metadata.Extra);
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task What_is_listed_again_in_the_same_version_stays_the_one_that_is_there()
    {
        var server = new FakeCollection();
        server.Set("same", "1");
        server.Set("other", "1");
        await using var api = await FakeApi.StartAsync(server.AnswerAsync);
        using var client = api.Client();
        using var stop = new CancellationTokenSource();
        var transformed = new ConcurrentQueue<string>();
        var informer = new InformerFactory(client).For(Resources.ConfigMaps).UseTransform(map =>
        {
            transformed.Enqueue(map.Metadata.Name!);
            return map with { };
        });
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        var (same, other) = (informer.Store.Get(new("ns", "same"))!, informer.Store.Get(new("ns", "other"))!);
        server.Set("other", "2");
        await informer.RefreshAsync().WaitAsync(Eventually.Limit);
        Assert.Same(same, informer.Store.Get(new("ns", "same")));
        Assert.NotSame(other, informer.Store.Get(new("ns", "other")));
        Assert.Single(transformed, name => name == "same");
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task One_informer_serves_all_who_ask_for_the_same()
    {
        await using var fixture = await InformerFixture.StartAsync();
        var factory = new InformerFactory(fixture.Client);
        Assert.Same(factory.For(Resources.Pods), factory.For(Resources.Pods));
        Assert.NotSame(factory.For(Resources.Pods), factory.For(Resources.Pods, new() { Namespace = "one" }));
    }

    [Fact]
    public async Task Indexes_find_without_a_scan_and_follow_changes()
    {
        await using var fixture = await InformerFixture.StartAsync(static server =>
        {
            server.Set("a", "red");
            server.Set("b", "red");
            server.Set("c", "blue");
        });
        fixture.Informer.AddIndex("colour", static map => map.Data?["value"]);
        Assert.Equal(["a", "b"], Names("red"));
        fixture.Server.Set("a", "blue");
        fixture.Server.Remove("b");
        await Eventually.Holds(() => fixture.Informer.Store.Count == 2);
        Assert.Empty(Names("red"));
        Assert.Equal(["a", "c"], Names("blue"));
        Assert.Equal(2, fixture.Informer.Store.CountByIndex("colour", "blue"));
        Assert.Equal(["blue"], fixture.Informer.Store.IndexValues("colour"));
        Assert.Throws<ArgumentException>(() => fixture.Informer.Store.ByIndex("size", "large"));

        IEnumerable<string> Names(string colour) => fixture.Informer.Store.ByIndex("colour", colour).Select(static m => m.Metadata.Name!).Order();
    }
}
