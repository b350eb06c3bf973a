using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>What was asked of a task, and a tool that writes the old value back.</summary>
public sealed class StickyStopTests
{
    private const string Apply2 = $"{A.Uid}-2";

    private static TaskResource Wants(TaskResource task, DesiredState wanted) => task with { Spec = task.Spec with { DesiredState = wanted } };

    private static TaskResource After(TaskResource task, TaskDecision decision) => task with { Status = decision.Status };

    [Theory]
    [InlineData(DesiredState.Running)]
    [InlineData(DesiredState.Suspended)]
    public void A_stop_stays_a_stop_whatever_is_written_back(DesiredState writtenBack)
    {
        var running = Wants(A.Applying(), DesiredState.Stopped);
        var stopping = TaskDecider.Decide(A.Seen(running, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running(Apply2)) }));
        var back = Wants(After(running, stopping), writtenBack);
        var still = TaskDecider.Decide(A.Seen(back, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running(Apply2)) }));
        Assert.Equal((TaskPhase.Stopping, 0), (still.Status.Phase, still.Transitions.Count));
        Assert.Contains(still.Actions, a => a is TaskAction.CancelAttempt { Attempt: Apply2 });
        var stopped = TaskDecider.Decide(A.Seen(back, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Ended(Apply2, EndKind.Stopped, 143)) }));
        Assert.Equal(TaskPhase.Stopped, stopped.Status.Phase);
        var rests = TaskDecider.Decide(A.Seen(After(back, stopped)));
        Assert.Equal((TaskPhase.Stopped, 0, false), (rests.Status.Phase, rests.Transitions.Count, rests.WantsSlot));
    }

    [Fact]
    public void It_stays_one_where_the_value_was_written_back_before_anything_ended()
    {
        // Noted in the status with the move itself; the next leader sees the spec as it was before.
        var planning = A.Task(status: s => s with { Phase = TaskPhase.Planning, Inputs = A.Inputs(), Attempts = 1, Attempt = A.Attempt(1, AttemptKind.Plan), Slot = A.Reserved().Status.Slot, StopRequestedAt = A.T0, StopRequestedBy = "spec.desiredState" });
        var decision = TaskDecider.Decide(A.Seen(planning, s => s with { Leader = new LeaderFacts("leader-b", 8, s.Now), Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-1")) }));
        Assert.Equal(TaskPhase.Stopping, decision.Status.Phase);
    }

    [Theory]
    [InlineData(DesiredState.Running, TaskPhase.Pending)]
    [InlineData(DesiredState.Stopped, TaskPhase.Stopped)]
    public void A_requeue_is_another_run_and_runs_unless_the_spec_still_says_Stopped(DesiredState wanted, TaskPhase phase)
    {
        var stopped = A.Task(s => s with { DesiredState = wanted, Requeue = 1 }, s => s with { Phase = TaskPhase.Stopped, Reason = Reasons.Stopped, StopRequestedAt = A.T0, StopRequestedBy = "spec.desiredState" });
        var decision = TaskDecider.Decide(A.Seen(stopped));
        Assert.Equal((phase, phase == TaskPhase.Pending), (decision.Status.Phase, decision.Status.StopRequestedAt is null));
    }

    [Fact]
    public void An_old_requeue_that_is_written_back_starts_nothing()
    {
        var done = A.Task(s => s with { Requeue = 1 }, s => s with { Phase = TaskPhase.Succeeded, Reason = Reasons.Applied, Run = 3, ObservedRequeue = 2 });
        Assert.Empty(TaskDecider.Decide(A.Seen(done)).Transitions);
    }

    [Fact]
    public void Suspending_twice_is_suspending_once_and_a_plan_under_way_is_held_when_it_is_made()
    {
        var planning = Wants(A.Task(status: s => s with { Phase = TaskPhase.Planning, Inputs = A.Inputs(), Attempts = 1, Attempt = A.Attempt(1, AttemptKind.Plan), Slot = A.Reserved().Status.Slot }), DesiredState.Suspended);
        var running = TaskDecider.Decide(A.Seen(planning, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-1")) }));
        Assert.Equal((TaskPhase.Planning, Reasons.SuspendRequested), (running.Status.Phase, running.Status.Conditions.Single(c => c.Type == "Suspended").Reason));
        var made = TaskDecider.Decide(A.Seen(After(planning, running), s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-1", A.Ended($"{A.Uid}-1", plan: A.Made())), PlanStored = true }));
        Assert.Equal((TaskPhase.ApplyPending, Reasons.Suspended, true), (made.Status.Phase, made.Status.Reason, made.Status.Slot is null));
        var again = TaskDecider.Decide(A.Seen(After(planning, made), s => s with { Pod = A.Pod(), Agent = A.Agent() }));
        Assert.Empty(again.Transitions);
    }
}
