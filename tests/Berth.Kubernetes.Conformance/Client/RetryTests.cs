using Xunit;

namespace Berth.Kubernetes.Conformance.Client;

public class RetryTests
{
    private readonly SimulatedTime _time = new();
    private int _asked;

    [Theory, InlineData(429), InlineData(503)]
    public async Task Retry_after_is_waited_for(int code)
    {
        await using var api = await Answer(code, "7", failures: 2);
        using var client = api.Client(new() { Time = _time });
        var version = client.GetVersionAsync();
        await Eventually.Holds(() => _asked == 1 && _time.TimersArmed > 0);
        await Eventually.Holds(_time, TimeSpan.FromSeconds(1), () => version.IsCompleted);
        Assert.Equal("v1", await version);
        Assert.Equal(3, _asked);
        Assert.True(_time.Elapsed >= TimeSpan.FromSeconds(14), $"{_time.Elapsed}");
    }

    [Fact]
    public async Task Retry_after_is_obeyed_ten_times_and_then_reported()
    {
        await using var api = await Answer(429, "1", failures: int.MaxValue);
        using var client = api.Client(new() { Time = _time });
        var version = client.GetVersionAsync();
        await Eventually.Holds(_time, TimeSpan.FromSeconds(1), () => version.IsCompleted);
        var error = await Assert.ThrowsAsync<KubernetesException>(() => version);
        Assert.True(error.IsTooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), error.RetryAfter);
        Assert.Equal(11, _asked);
    }

    [Theory, InlineData(429), InlineData(500), InlineData(503), InlineData(409)]
    public async Task Without_retry_after_nothing_is_repeated(int code)
    {
        await using var api = await Answer(code, null, failures: int.MaxValue);
        using var client = api.Client();
        Assert.Equal(code, (await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync())).Status.Code);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task A_conflict_with_retry_after_is_not_repeated()
    {
        await using var api = await Answer(409, "1", failures: int.MaxValue);
        using var client = api.Client();
        await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync());
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task A_hung_request_ends_at_its_limit_and_its_outcome_is_unknown()
    {
        var arrived = new TaskCompletionSource();
        await using var api = await FakeApi.StartAsync(async http =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        using var client = api.Client(new() { Time = _time });
        var version = client.GetVersionAsync();
        await arrived.Task.WaitAsync(Eventually.Limit);
        Assert.False(version.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(76));
        var error = await Assert.ThrowsAsync<KubernetesException>(() => version.WaitAsync(Eventually.Limit));
        Assert.True(error is { IsNoAnswer: true, IsOutcomeUnknown: true, IsTransient: true });
    }

    [Fact]
    public async Task The_callers_cancellation_is_not_an_error_of_the_api()
    {
        await using var api = await FakeApi.StartAsync(static http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using var client = api.Client();
        using var cancel = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetVersionAsync(cancel.Token));
    }

    [Fact]
    public async Task A_refused_connection_is_no_answer()
    {
        Uri address;
        await using (var api = await FakeApi.StartAsync(static _ => Task.CompletedTask)) address = api.Address;
        using var client = new KubernetesClient(new() { Server = address });
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync())).IsNoAnswer);
    }

    [Fact]
    public async Task What_is_not_a_status_becomes_one()
    {
        await using var api = await FakeApi.StartAsync(static http => FakeApi.Json(http, 502, "<html>bad gateway</html>", "text/html"));
        using var client = api.Client();
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync());
        Assert.Equal(502, error.Status.Code);
        Assert.Contains("bad gateway", error.Message, StringComparison.Ordinal);
    }

    private Task<FakeApi> Answer(int code, string? retryAfter, int failures) => FakeApi.StartAsync(async http =>
    {
        if (Interlocked.Increment(ref _asked) > failures) await FakeApi.Json(http, 200, """{"gitVersion":"v1"}""");
        else
        {
            if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
            await FakeApi.Status(http, code, "Trouble");
        }
    });
}
