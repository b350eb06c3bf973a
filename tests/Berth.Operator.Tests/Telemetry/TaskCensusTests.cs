using Berth.Api;
using Berth.Operator.Telemetry;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

public class TaskCensusTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Waiting_tasks_are_counted_by_stage_reason_and_pool()
    {
        var counts = Count(A(TaskPhase.Pending, Reasons.WaitingForSlot), A(TaskPhase.Pending, Reasons.WaitingForSlot), A(TaskPhase.Pending, "SomethingNew"), A(TaskPhase.Planning, Reasons.Planning), A(TaskPhase.Succeeded, Reasons.Applied));
        Assert.Equal((2, 1), (counts.Waits[(TaskPhase.Pending, Reasons.WaitingForSlot)], counts.Waits[(TaskPhase.Pending, ClosedSets.Other)]));
        Assert.Equal((3, 1, 1), (counts.Phases[(int)TaskPhase.Pending], counts.Phases[(int)TaskPhase.Planning], counts.Phases[(int)TaskPhase.Succeeded]));
        Assert.Equal((4, 2), (counts.Open, counts.ForSlot["team-a/small"]));
    }

    [Theory]
    [InlineData(163.9, 0)]
    [InlineData(164.1, 1)]
    public void Approvals_expire_after_seven_days_unless_the_task_says_otherwise(double hours, int expiring)
    {
        var counts = Count(Noon.AddHours(hours), A(TaskPhase.ApplyPending, Reasons.AwaitingApproval));
        Assert.Equal((1, expiring), (counts.Approvals, counts.Expiring));
    }

    [Fact]
    public void What_is_approved_waits_for_nobody()
    {
        var approved = A(TaskPhase.ApplyPending, Reasons.Approved);
        Assert.Equal(0, Count(approved with { Status = approved.Status with { Grant = new GrantStatus() } }).Approvals);
    }

    [Fact]
    public void A_lost_slot_counts_until_there_is_another()
    {
        var lost = A(TaskPhase.ApplyPending, Reasons.WaitingForSlot, new Condition { Type = "SlotReserved", Status = ConditionStatus.False, Reason = Reasons.SlotLost });
        var restoring = lost with { Status = lost.Status with { Slot = new SlotStatus { Pod = "pod-b" } } };
        Assert.Equal((1, 0), (Count(lost).Unrecovered, Count(restoring).Unrecovered));
    }

    [Fact]
    public void Stalled_tasks_are_counted_by_reason() =>
        Assert.Equal(1, Count(A(TaskPhase.Pending, Reasons.PoolNotFound, new Condition { Type = "Stalled", Status = ConditionStatus.True, Reason = Reasons.PoolNotFound })).Stalled[Reasons.PoolNotFound]);

    private static TaskCounts Count(params TaskResource[] tasks) => Count(Noon, tasks);

    private static TaskCounts Count(DateTimeOffset now, params TaskResource[] tasks)
    {
        var counts = new TaskCounts();
        foreach (var task in tasks) TaskCensus.Count(counts, task, now);
        return counts;
    }

    private static TaskResource A(TaskPhase phase, string reason, params Condition[] conditions)
    {
        var task = TaskTracesTests.ATask(phase, Noon, null);
        return task with { Status = task.Status with { Reason = reason, Conditions = conditions } };
    }
}
