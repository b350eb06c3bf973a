using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Berth.Kubernetes.Conformance.Client;

public class WatchTests
{
    [Fact]
    public async Task Events_may_be_cut_anywhere()
    {
        var lines = new StringBuilder();
        for (var i = 0; i < 40; i++) lines.Append(Line("ADDED", $"o{i}", i, new string('é', i * 50))).Append(i % 7 == 0 ? "\r\n\n" : "\n");
        var bytes = Encoding.UTF8.GetBytes(lines.ToString());
        await using var api = await FakeApi.StartAsync(async http =>
        {
            var random = new Random(7);
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - at, random.Next(1, 900));
                await http.Response.Body.WriteAsync(bytes.AsMemory(at, length));
                await http.Response.Body.FlushAsync();
                at += length;
            }
        });
        var events = await Read(api);
        Assert.Equal(Enumerable.Range(0, 40).Select(static i => $"o{i}"), events.Select(static e => e.Object!.Metadata.Name));
        Assert.All(events, static (e, i) => Assert.Equal(i * 50, e.Object!.Data!["value"].Length));
        Assert.Equal("39", events[^1].ResourceVersion);
    }

    [Fact]
    public async Task Events_over_a_mebibyte_are_read()
    {
        await using var api = await Answer(Line("ADDED", "a", 1, new string('x', 3 << 20)) + "\n" + Line("MODIFIED", "a", 2, "small") + "\n");
        var events = await Read(api);
        Assert.Equal([3 << 20, 5], events.Select(static e => e.Object!.Data!["value"].Length));
    }

    [Fact]
    public async Task The_object_may_come_before_the_type_and_others_between()
    {
        await using var api = await Answer("""{ "object" : {"metadata":{"name":"a","resourceVersion":"1"}}, "extra":[1,{"x":2}], "type":"DELETED" }""" + "\n"
            + """{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"2"}} }""");
        var events = await Read(api);
        Assert.Equal([WatchEventType.Deleted, WatchEventType.Added], events.Select(static e => e.Type));
        Assert.Equal(["a", "b"], events.Select(static e => e.Object!.Metadata.Name));
    }

    [Fact]
    public async Task Bookmarks_carry_a_version_and_may_close_the_initial_events()
    {
        await using var api = await Answer("""{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"5","creationTimestamp":null}}}""" + "\n"
            + """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"6","annotations":{"k8s.io/initial-events-end":"true"}}}}""" + "\n");
        var events = await Read(api);
        Assert.Equal([("5", false), ("6", true)], events.Select(static e => (e.ResourceVersion!, e.InitialEventsEnd)));
        Assert.All(events, static e => Assert.Null(e.Object));
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410}}""", true)]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","reason":"Gone","code":410}}""", true)]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","reason":"InternalError","code":500}}""", false)]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"na""", false)]
    [InlineData("""{"type":"ADDED"}""", false)]
    [InlineData("""{"type":"RENAMED","object":{}}""", false)]
    [InlineData("nonsense", false)]
    public async Task What_is_wrong_is_an_exception(string line, bool gone)
    {
        await using var api = await Answer(line + "\n");
        var error = await Assert.ThrowsAsync<KubernetesException>(() => Read(api));
        Assert.Equal(gone, error.IsGone);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_an_exception_and_one_that_ends_is_not()
    {
        await using var broken = await FakeApi.StartAsync(static async http =>
        {
            await http.Response.WriteAsync(Line("ADDED", "a", 1, "") + "\n");
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => Read(broken))).IsNoAnswer);
        await using var ended = await Answer("");
        Assert.Empty(await Read(ended));
    }

    [Fact]
    public async Task A_silent_stream_is_given_up_but_a_slow_reader_is_not()
    {
        await using var api = await FakeApi.StartAsync(static async http =>
        {
            await http.Response.WriteAsync(Line("ADDED", "a", 1, "") + "\n" + Line("ADDED", "b", 2, "") + "\n");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        var time = new SimulatedTime();
        using var client = api.Client(new() { Time = time });
        var seen = 0;
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in client.WatchAsync(Resources.ConfigMaps, null, new() { IdleTimeout = TimeSpan.FromMinutes(3) }))
            {
                if (Interlocked.Increment(ref seen) < 2) time.Advance(TimeSpan.FromMinutes(10));
            }
        });
        await Eventually.Holds(() => seen == 2);
        await Eventually.Holds(time, TimeSpan.FromSeconds(30), () => reading.IsCompleted);
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => reading)).IsNoAnswer);
    }

    private static string Line(string type, string name, int version, string value) =>
        $$$"""{"type":"{{{type}}}","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","resourceVersion":"{{{version}}}"},"data":{"value":"{{{value}}}"} }}""";

    private static Task<FakeApi> Answer(string body) => FakeApi.StartAsync(http => FakeApi.Json(http, 200, body));

    private static async Task<List<WatchEvent<ConfigMap>>> Read(FakeApi api)
    {
        using var client = api.Client();
        var events = new List<WatchEvent<ConfigMap>>();
        await foreach (var change in client.WatchAsync(Resources.ConfigMaps, null)) events.Add(change);
        return events;
    }
}
