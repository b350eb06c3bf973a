using Berth.Api;
using Berth.Operator.Cluster;
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

    [Fact]
    public void After_any_changes_the_counts_are_those_of_the_tasks_that_are_there()
    {
        var seed = Random.Shared.Next();
        var dice = new Random(seed);
        var (census, there) = (new TaskCensus(new FixedTime(Noon)), new Dictionary<int, TaskResource>());
        for (var step = 0; step < 2000; step++)
        {
            var id = dice.Next(40);
            var before = there.GetValueOrDefault(id);
            var after = dice.Next(4) == 0 ? null : Any(dice, id);
            if (after is null) there.Remove(id);
            else there[id] = after;
            census.Changed(before is null ? null : new KeptTask(before), after is null ? null : new KeptTask(after));
        }
        var (seen, expected) = (census.Take(), Count([.. there.Values]));
        Assert.True(Describe(seen) == Describe(expected), $"seed {seed}:\n{Describe(seen)}\n{Describe(expected)}");
    }

    private static TaskResource Any(Random dice, int id)
    {
        var task = A((TaskPhase)dice.Next(Enum.GetValues<TaskPhase>().Length), dice.Next(2) == 0 ? Reasons.WaitingForSlot : Reasons.AwaitingApproval,
            dice.Next(3) == 0 ? [new Condition { Type = "SlotReserved", Status = ConditionStatus.False, Reason = Reasons.SlotLost }, new Condition { Type = "Stalled", Status = ConditionStatus.True, Reason = Reasons.ApplyLost }] : []);
        return task with { Metadata = task.Metadata with { Uid = $"uid-{id}" }, Status = task.Status with { PhaseSince = Noon.AddHours(-dice.Next(200)) } };
    }

    private static string Describe(TaskCounts counts) => string.Join(' ',
        [.. counts.Phases.Select(p => $"{p}"), .. counts.Waits.Select(w => $"{w}"), .. counts.Oldest.OrderBy(o => o.Key).Select(o => $"{o.Key}:{o.Value:O}"), .. counts.Stalled.Select(s => $"{s}"), .. counts.ForSlot.Select(s => $"{s}"), $"{counts.Unrecovered} {counts.Approvals} {counts.Expiring} {counts.Open}"]);

    private static TaskCounts Count(params TaskResource[] tasks) => Count(Noon, tasks);

    private static TaskCounts Count(DateTimeOffset now, params TaskResource[] tasks)
    {
        var census = new TaskCensus(new FixedTime(now));
        foreach (var (i, task) in tasks.Index()) census.Changed(null, new KeptTask(task with { Metadata = task.Metadata with { Uid = $"{task.Metadata.Uid} {i}" } }));
        return census.Take();
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private static TaskResource A(TaskPhase phase, string reason, params Condition[] conditions)
    {
        var task = TaskTracesTests.ATask(phase, Noon, null);
        return task with { Status = task.Status with { Reason = reason, Conditions = conditions } };
    }
}
