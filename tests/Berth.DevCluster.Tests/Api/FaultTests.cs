using System.Diagnostics;
using Berth.DevCluster.Faults;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>A cluster that misbehaves on command.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private DevCluster _cluster = null!;
    private TestApi _api = null!;
    private FaultDriver _faults = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new() { Controllers = false, Faults = true });
        (_api, _faults) = (new TestApi(_cluster), _cluster.CreateFaultDriver());
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task What_a_rule_leaves_out_matches_everything()
    {
        Assert.Equal(201, (await _api.Post("/_faults", """{"action":"Error","verb":"create","resource":"configmaps"}""")).Status);
        Assert.Equal((500, "fault on command: 500"), await RefusedAsync("a"));
        Assert.Equal((500, "fault on command: 500"), await RefusedAsync("b"));
        Assert.Equal(200, (await _api.Get("/api/v1/namespaces/default/configmaps")).Status);
        await _api.Delete("/_faults");
        Assert.Equal(201, (await _api.Post("/api/v1/namespaces/default/configmaps", """{"metadata":{"name":"c"}}""")).Status);
    }

    private async Task<(int, string)> RefusedAsync(string name)
    {
        var reply = await _api.Post("/api/v1/namespaces/default/configmaps", $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        return (reply.Status, reply.Message);
    }

    [Fact]
    public async Task An_error_comes_as_often_as_asked_and_no_more()
    {
        await _faults.AddAsync(new FaultRule { Action = FaultAction.Error, Verb = "list", Resource = "configmaps", Code = 429, RetryAfterSeconds = 7, Skip = 1, Times = 2 });
        var codes = new List<int>();
        for (var i = 0; i < 4; i++) codes.Add((await _api.Get(Maps)).Status);
        Assert.Equal([200, 429, 429, 200], codes);
    }

    [Fact]
    public async Task A_rule_may_name_only_what_it_is_about()
    {
        Assert.InRange((await _api.Post("/_faults", """{"action":"Error","resource":"configmaps","verb":"list"}""")).Status, 200, 201);
        Assert.Equal(500, (await _api.Get(Maps)).Status);
        Assert.Equal(200, (await _api.Get("/api/v1/namespaces/default/secrets")).Status);
    }

    [Fact]
    public async Task A_dropped_request_is_not_done_and_a_dropped_answer_is()
    {
        await using (await _faults.AddAsync(new FaultRule { Action = FaultAction.Drop, Verb = "create", Times = 1 }))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => _api.Post(Maps, """{"metadata":{"name":"lost"}}"""));
        await using (await _faults.AddAsync(new FaultRule { Action = FaultAction.DropAnswer, Verb = "create", Times = 1 }))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => _api.Post(Maps, """{"metadata":{"name":"done"}}"""));
        Assert.Equal(["done"], (await _api.Get(Maps)).Names);
    }

    [Fact]
    public async Task A_stale_list_shows_the_past_and_a_read_the_present()
    {
        await _api.Post(Maps, """{"metadata":{"name":"old"}}""");
        await using var stale = await _faults.AddAsync(new FaultRule { Action = FaultAction.StaleList, Resource = "configmaps" });
        await _api.Post(Maps, """{"metadata":{"name":"new"}}""");
        Assert.Equal(["old"], (await _api.Get(Maps)).Names);
        Assert.Equal(200, (await _api.Get(Maps + "/new")).Status);
    }

    [Fact]
    public async Task A_half_open_watch_is_silent_until_it_is_cleared()
    {
        var version = (await _api.Get(Maps)).Version;
        var half = await _faults.AddAsync(new FaultRule { Action = FaultAction.HalfOpen, Verb = "watch" });
        var watching = _api.Watch($"{Maps}?watch=1&resourceVersion={version}", 1, seconds: 20);
        await _api.Post(Maps, """{"metadata":{"name":"x"}}""");
        await Task.WhenAny(watching, Task.Delay(300, TestContext.Current.CancellationToken));
        Assert.False(watching.IsCompleted);
        await half.DisposeAsync();
        Assert.Single(await watching);
    }

    [Fact]
    public async Task A_frozen_server_goes_on_where_it_was()
    {
        await _faults.FreezeAsync(TestContext.Current.CancellationToken);
        var writing = _api.Post(Maps, """{"metadata":{"name":"x"}}""");
        await Task.WhenAny(writing, Task.Delay(200, TestContext.Current.CancellationToken));
        Assert.False(writing.IsCompleted);
        await _faults.ThawAsync(TestContext.Current.CancellationToken);
        Assert.Equal(201, (await writing).Status);
    }

    [Fact]
    public async Task A_restarted_server_answers_on_the_same_address_with_the_same_objects()
    {
        await _api.Post(Maps, """{"metadata":{"name":"x"}}""");
        var url = _cluster.Url;
        await _faults.RestartAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if ((await _api.Get(Maps + "/x")).Status == 200 && waited.ElapsedMilliseconds > 200) break;
            }
            catch (HttpRequestException) when (waited.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Yield();
            }
        }
        Assert.Equal(url, _cluster.Url);
    }

    [Fact]
    public async Task Faults_are_for_administrators_and_off_by_default()
    {
        using var alice = new TestApi(_cluster, "alice");
        Assert.Equal(403, (await alice.Post("/_faults/freeze", "{}")).Status);
        await using var plain = await DevCluster.StartAsync(new() { Controllers = false });
        using var api = new TestApi(plain);
        Assert.Equal(404, (await api.Post("/_faults/freeze", "{}")).Status);
    }
}
