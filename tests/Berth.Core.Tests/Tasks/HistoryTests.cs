using Berth.Api;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>What a database that is away means for a task.</summary>
public sealed class HistoryTests
{
    private static TaskResource Deleting(bool finalizer = true)
    {
        var waiting = A.Task();
        return waiting with { Metadata = waiting.Metadata with { DeletionTimestamp = A.T0, Finalizers = finalizer ? [Names.TaskFinalizer] : null } };
    }

    [Fact]
    public void A_task_that_is_deleted_while_the_database_is_well_waits_for_it()
    {
        var decision = TaskDecider.Decide(A.Seen(Deleting()));
        Assert.Equal(TaskPhase.Stopped, decision.Status.Phase);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.SpillHistory);
        Assert.Null(decision.Finalizer);
    }

    [Fact]
    public void While_the_database_is_away_its_history_is_kept_beside_it_and_only_then_it_goes()
    {
        var first = TaskDecider.Decide(A.Seen(Deleting(), s => s with { HistoryTrouble = "Unreachable" }));
        Assert.Contains(first.Actions, a => a is TaskAction.SpillHistory);
        Assert.Null(first.Finalizer);

        var written = Deleting() with { Status = first.Status };
        var part = TaskDecider.Decide(A.Seen(written, s => s with { HistoryTrouble = "Unreachable", Spilled = first.Status.History.Seq - 1 }));
        Assert.Null(part.Finalizer);
        Assert.Contains(part.Actions, a => a is TaskAction.SpillHistory);
        var all = TaskDecider.Decide(A.Seen(written, s => s with { HistoryTrouble = "Unreachable", Spilled = first.Status.History.Seq }));
        Assert.False(all.Finalizer);
        Assert.DoesNotContain(all.Actions, a => a is TaskAction.SpillHistory);
    }

    [Fact]
    public void What_is_not_proved_dead_keeps_its_finalizer_whatever_was_spilled()
    {
        var applying = A.Applying();
        applying = applying with { Metadata = applying.Metadata with { DeletionTimestamp = A.T0, Finalizers = [Names.TaskFinalizer] } };
        var decision = TaskDecider.Decide(A.Seen(applying, s => s with { HistoryTrouble = "Unreachable", Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), Spilled = 100 }));
        Assert.Equal(TaskPhase.Stopping, decision.Status.Phase);
        Assert.Null(decision.Finalizer);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.SpillHistory);
    }

    [Fact]
    public void However_often_a_task_is_stopped_and_requeued_meanwhile_its_outbox_stays_bounded()
    {
        var task = A.Task();
        for (var i = 1; i <= 100; i++)
            foreach (var wanted in (DesiredState[])[DesiredState.Stopped, DesiredState.Running])
            {
                task = task with { Spec = task.Spec with { DesiredState = wanted, Requeue = i } };
                task = task with { Status = TaskDecider.Decide(A.Seen(task, s => s with { HistoryTrouble = "Unreachable" })).Status };
            }
        Assert.InRange(task.Status.History.Entries.Count, Outbox.SoftBound, Outbox.HardBound);
        Assert.Equal((TaskPhase.Stopped, Reasons.HistoryBacklog), (task.Status.Phase, task.Status.Reason));

        var run = task.Status.Run;
        var later = TaskDecider.Decide(A.Seen(task, s => s with { Acknowledged = task.Status.History.Seq }));
        Assert.Equal((TaskPhase.Pending, run + 1), (later.Status.Phase, later.Status.Run));
    }

    [Fact]
    public void A_plan_that_is_not_stored_says_that_the_database_is_why()
    {
        var seen = TaskDecider.Decide(A.Seen(A.Reserved(stored: false), s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-1"), HistoryTrouble = "DiskFull" }));
        var condition = seen.Status.Conditions.Single(c => c.Type == "PlanStored");
        Assert.Equal((ConditionStatus.False, Reasons.HistoryDegraded), (condition.Status, condition.Reason));
        Assert.Contains("DiskFull", condition.Message);
    }
}
