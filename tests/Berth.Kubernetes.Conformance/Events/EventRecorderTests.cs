using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Berth.Kubernetes.Conformance.Events;

public sealed class EventRecorderTests : IAsyncLifetime
{
    private readonly SimulatedTime _time = new();
    private readonly ConcurrentQueue<(string Method, JsonNode Body)> _sent = new();
    private readonly ObjectReference _pod = new() { Kind = "Pod", Namespace = "ns", Name = "p", Uid = "u" };
    private Func<HttpContext, Task<bool>>? _intercept;
    private FakeApi _api = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await FakeApi.StartAsync(async http =>
        {
            if (_intercept is { } intercept && await intercept(http)) return;
            var body = (await JsonNode.ParseAsync(http.Request.Body))!;
            _sent.Enqueue((http.Request.Method, body));
            await FakeApi.Json(http, 200, body.ToJsonString());
        });
        _client = _api.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task The_same_event_again_becomes_a_series()
    {
        var recorder = New();
        for (var i = 0; i < 3; i++) recorder.Warning(_pod, "SlotLost", "Reset", "the pod is gone");
        await FlushAsync(recorder);
        Assert.Equal(["POST", "PATCH", "PATCH"], _sent.Select(static s => s.Method));
        var first = _sent.First().Body;
        Assert.Equal("SlotLost", first["reason"]!.GetValue<string>());
        Assert.Equal("ns", first["metadata"]!["namespace"]!.GetValue<string>());
        Assert.Equal("2026-01-01T00:00:00.000000Z", first["eventTime"]!.GetValue<string>());
        Assert.Equal(3, _sent.Last().Body["series"]!["count"]!.GetValue<int>());
        Assert.Single(_sent.Last().Body.AsObject());
    }

    [Fact]
    public async Task Many_alike_are_combined_and_a_flood_is_held_back()
    {
        var recorder = New();
        for (var i = 0; i < 40; i++) recorder.Normal(_pod, "Pulled", "Pull", $"image {i}");
        await FlushAsync(recorder);
        Assert.Equal(25, _sent.Count);
        var created = _sent.Where(static s => s.Method == "POST").Select(static s => s.Body["note"]!.GetValue<string>()).ToList();
        Assert.Equal(10, created.Count);
        Assert.StartsWith("(combined from similar events): ", created[^1], StringComparison.Ordinal);
        Assert.Equal(15, _sent.Count(static s => s.Method == "PATCH"));
    }

    [Fact]
    public async Task After_five_minutes_one_more_is_let_through()
    {
        var recorder = New();
        for (var i = 0; i < 30; i++) recorder.Normal(_pod, "A", "B", "same");
        var running = recorder.RunAsync(CancellationToken.None);
        await Eventually.Holds(() => _sent.Count == 25);
        _time.Advance(TimeSpan.FromSeconds(301));
        for (var i = 0; i < 3; i++) recorder.Normal(_pod, "A", "B", "same");
        recorder.Complete();
        await running.WaitAsync(Eventually.Limit);
        Assert.InRange(_sent.Count, 26, 26);
    }

    [Fact]
    public async Task A_series_that_has_gone_from_the_server_is_created_again()
    {
        var recorder = New();
        recorder.Normal(_pod, "A", "B", "same");
        recorder.Normal(_pod, "A", "B", "same");
        _intercept = static async http =>
        {
            if (http.Request.Method != "PATCH") return false;
            await FakeApi.Status(http, 404, "NotFound");
            return true;
        };
        await FlushAsync(recorder);
        Assert.Equal(["POST", "POST"], _sent.Select(static s => s.Method));
    }

    [Fact]
    public async Task Reporting_never_blocks_and_never_throws()
    {
        _intercept = static async http =>
        {
            await FakeApi.Status(http, 500, "InternalError");
            return true;
        };
        var recorder = New(length: 5);
        for (var i = 0; i < 10_000; i++) recorder.Normal(_pod with { Name = $"p{i}" }, "A", "B", "c");
        await FlushAsync(recorder);
        recorder.Normal(_pod, "A", "B", "after the end");
    }

    [Fact]
    public async Task A_note_fits_into_what_a_server_takes()
    {
        var recorder = New();
        recorder.Normal(_pod, "A", "B", new string('é', 3000));
        await FlushAsync(recorder);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(_sent.Single().Body["note"]!.GetValue<string>()), 1000, 1024);
    }

    private static async Task FlushAsync(EventRecorder recorder)
    {
        recorder.Complete();
        await recorder.RunAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
    }

    private EventRecorder New(int length = 1000) => new(_client, new() { Controller = "berth.dev/operator", Instance = "op-0", Time = _time, QueueLength = length });
}
