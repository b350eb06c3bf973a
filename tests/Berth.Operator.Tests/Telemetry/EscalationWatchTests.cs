using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

/// <summary>Escalations reach the notifier, each once; and losses that come together are seen as one event.</summary>
[Collection("meters")]
public sealed class EscalationWatchTests
{
    private static readonly DateTimeOffset T0 = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_standstill_is_notified_and_repeated_with_ids_that_any_leader_would_use()
    {
        var task = new TaskResource
        {
            Metadata = new ResourceMeta { Name = "change", Namespace = "team-a", Uid = "u1" },
            Spec = new TaskSpec { PoolRef = new PoolReference { Name = "pool" }, Workspace = "network" },
            Status = new Api.TaskStatus { Reason = Reasons.PoolNotFound, Message = "create it", Conditions = [new Api.Condition { Type = "Stalled", Status = ConditionStatus.True, Reason = Reasons.PoolNotFound, LastTransitionTime = T0 }] },
        };
        var escalation = Core.Watching.Escalation.Of(task)!;
        var ids = escalation.Due(T0, T0.AddDays(1)).Select(n => Notification.Of(task, escalation, n, "text", T0)).ToList();
        Assert.Equal([$"u1-needs-attention-{T0.ToUnixTimeSeconds()}-0", $"u1-needs-attention-{T0.ToUnixTimeSeconds()}-1", $"u1-needs-attention-{T0.ToUnixTimeSeconds()}-2"], ids.Select(n => n.Id));
        Assert.All(ids, n => Assert.Equal((3, NotificationSeverity.Warning), ((int)n.Level, n.Severity)));
        Assert.All(Enum.GetValues<Core.Watching.EscalationKind>(), k => Assert.Contains(NotificationKinds.Of(k), NotificationKinds.All.Keys));
    }

    [Fact]
    public void Three_pods_within_thirty_seconds_are_one_event_and_two_are_not()
    {
        var (losses, time) = Meter();
        losses.Note("a");
        time.Advance(TimeSpan.FromSeconds(20));
        losses.Note("b");
        Assert.False(losses.IsMassLoss("a", "node-1"));
        Assert.False(losses.IsMassLoss("b", "node-1"));
        time.Advance(TimeSpan.FromSeconds(9));
        losses.Note("c");
        Assert.True(losses.IsMassLoss("a", "node-1"));
        Assert.True(losses.IsMassLoss("c", null));
        Assert.False(losses.IsMassLoss("another", "node-1"));
    }

    [Fact]
    public void Three_pods_spread_over_minutes_are_three_events_and_the_same_pod_counts_once()
    {
        var (losses, time) = Meter();
        foreach (var pod in new[] { "a", "a", "a", "b" }) losses.Note(pod);
        Assert.False(losses.IsMassLoss("a", "node-1"));
        time.Advance(TimeSpan.FromSeconds(31));
        losses.Note("c");
        Assert.False(losses.IsMassLoss("c", null));
    }

    [Fact]
    public void A_lost_node_is_one_event_however_few_pods_it_took_and_whether_or_not_they_are_still_known()
    {
        var (losses, time) = Meter();
        Assert.True(losses.IsMassLoss("a", "gone"));
        losses.Note("a");
        time.Advance(TimeSpan.FromMinutes(10));
        losses.Note("b");
        Assert.True(losses.IsMassLoss("a", "gone"));
        Assert.False(losses.IsMassLoss("b", "node-1"));
        Assert.False(losses.IsMassLoss("b", ""));
    }

    private static (LossMeter Losses, ManualTime Time) Meter()
    {
        var time = new ManualTime(T0);
        return (new LossMeter(node => node == "gone", time), time);
    }

    private sealed class ManualTime(DateTimeOffset now) : TimeProvider
    {
        private DateTimeOffset _now = now;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
