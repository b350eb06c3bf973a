using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

[Collection("meters")]
public sealed class NotifierTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Path, Dictionary<string, string> Headers, JsonNode Body)> _received = new();
    private WebApplication _receiver = null!;
    private int _refusals;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _receiver = builder.Build();
        _receiver.MapPost("/{path}", async (HttpContext context) =>
        {
            if (Interlocked.Decrement(ref _refusals) >= 0) { context.Response.StatusCode = 503; return; }
            _received.Enqueue((context.Request.Path, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), (await JsonNode.ParseAsync(context.Request.Body))!));
        });
        await _receiver.StartAsync();
    }

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task A_plan_that_needs_approval_is_told_once_with_CloudEvents_headers_even_if_the_receiver_failed_first()
    {
        _refusals = 1;
        await RunAsync([Rule("all", "events")], notifier =>
        {
            notifier.Decided(Planned(), Decision(TaskSignal.PlanSucceeded));
            notifier.Decided(Planned(), Decision(TaskSignal.PlanSucceeded));
            notifier.Decided(Planned() with { Status = Planned().Status with { History = new OutboxStatus { Seq = 4 } } }, Decision(TaskSignal.PlanSucceeded));
        }, wanted: 2);
        Assert.Equal(["u1-3", "u1-4"], _received.Select(r => r.Headers["ce-id"]).Order(StringComparer.Ordinal));
        var (_, headers, body) = _received.First();
        Assert.Equal(("dev.berth.task.approval-required", "1.0"), (headers["ce-type"], headers["ce-specversion"]));
        Assert.Equal(("change", "network", "warning"), ((string?)body["task"], (string?)body["workspace"], (string?)body["severity"]));
    }

    [Fact]
    public async Task Rules_choose_by_kind_severity_and_place_and_Slack_gets_text()
    {
        await RunAsync([Rule("slack", "slack") with { Format = NotificationFormat.Slack }, Rule("other", "other") with { Workspace = "else" }, Rule("critical", "critical") with { Severity = NotificationSeverity.Critical }, Rule("kind", "kind") with { Kinds = ["failed"] }],
            notifier => notifier.Decided(Planned(), Decision(TaskSignal.PlanSucceeded)), wanted: 1);
        var (path, _, body) = Assert.Single(_received);
        Assert.Equal("/slack", path);
        Assert.Contains("*team-a/change* (network): approval-required", (string?)body["text"], StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_rules_are_refused_at_the_start()
    {
        var options = new NotificationsSection { Rules = [new NotificationRule { Name = "a", Url = "ftp://x", Kinds = ["gossip"] }, new NotificationRule { Name = "a", Url = "https://x" }] };
        Assert.Equal(3, options.Violations().Count());
    }

    private NotificationRule Rule(string name, string path) => new() { Name = name, Url = $"{_receiver.Urls.First()}/{path}" };

    private async Task RunAsync(NotificationRule[] rules, Action<Notifier> tell, int wanted)
    {
        using var metrics = new OperatorMetrics();
        using var notifier = new Notifier(new OperatorOptions { Notifications = new NotificationsSection { Rules = rules } }, metrics, TimeProvider.System, NullLogger<Notifier>.Instance);
        using var stop = new CancellationTokenSource();
        var running = notifier.RunAsync(stop.Token);
        tell(notifier);
        for (var until = DateTimeOffset.UtcNow.AddSeconds(30); _received.Count < wanted && DateTimeOffset.UtcNow < until;) await Task.Delay(20);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(wanted, _received.Count);
    }

    private static TaskResource Planned() => TaskTracesTests.ATask(TaskPhase.ApplyPending, DateTimeOffset.UtcNow, null) is var task ? task with { Status = task.Status with { History = new OutboxStatus { Seq = 3 } } } : null!;

    private static TaskDecision Decision(TaskSignal signal) => new() { Status = new Api.TaskStatus(), Transitions = [TaskTracesTests.Applied(TaskPhase.Planning, signal)] };
}
