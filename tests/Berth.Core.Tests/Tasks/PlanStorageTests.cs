using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>That a plan is made and that it is stored are told by one write, where the database does not keep people waiting.</summary>
public sealed class PlanStorageTests
{
    private const string Plan1 = $"{A.Uid}-1";
    private static readonly DateTimeOffset Known = A.T0.AddSeconds(60);

    [Fact]
    public void A_plan_whose_bytes_are_there_is_shown_as_stored_by_its_first_write()
    {
        var decision = TaskDecider.Decide(Reported(Known, stored: true));
        Assert.Equal((TaskPhase.ApplyPending, true), (decision.Status.Phase, decision.Status.Plan!.Stored));
    }

    [Fact]
    public void Bytes_that_are_on_their_way_are_waited_for_but_not_for_long()
    {
        var early = TaskDecider.Decide(Reported(Known.AddMilliseconds(499)));
        Assert.Equal(TaskPhase.Planning, early.Status.Phase);
        Assert.Empty(early.Transitions);
        Assert.Contains(early.Actions, a => a is TaskAction.CheckPlanStored { Attempt: Plan1 });
        Assert.Equal(Known.AddMilliseconds(500), early.WakeAt);
        var late = TaskDecider.Decide(Reported(Known.AddMilliseconds(500)));
        Assert.Equal((TaskPhase.ApplyPending, false), (late.Status.Phase, late.Status.Plan!.Stored));
        Assert.Contains(late.Actions, a => a is TaskAction.CheckPlanStored { Attempt: Plan1 });
    }

    [Fact]
    public void A_plan_without_bytes_is_stored_at_once()
    {
        var decision = TaskDecider.Decide(Reported(Known, made: A.Made() with { Artifacts = null, TextDigest = null }));
        Assert.Equal((TaskPhase.ApplyPending, true), (decision.Status.Phase, decision.Status.Plan!.Stored));
    }

    [Theory, InlineData(EndKind.Failed), InlineData(EndKind.TimedOut)]
    public void What_is_no_plan_is_not_waited_for(EndKind kind) =>
        Assert.NotEqual(TaskPhase.Planning, TaskDecider.Decide(Reported(Known, kind: kind)).Status.Phase);

    [Fact]
    public void A_plan_that_needs_no_apply_is_not_waited_for() =>
        Assert.Equal(TaskPhase.Succeeded, TaskDecider.Decide(Reported(Known, spec: s => s with { Type = TaskType.Plan, Apply = null })).Status.Phase);

    [Fact]
    public void A_plan_that_the_database_lost_is_not_stored_any_more_until_a_backup_brings_it_back()
    {
        var lost = TaskDecider.Decide(Waiting(A.Reserved(), stored: false));
        Assert.Equal((TaskPhase.ApplyPending, false, true), (lost.Status.Phase, lost.Status.Plan!.Stored, lost.Status.Slot is { Warm: true }));
        var condition = lost.Status.Conditions.Single(c => c.Type == "PlanStored");
        Assert.Equal((ConditionStatus.False, Reasons.HistoryDegraded), (condition.Status, condition.Reason));
        Assert.Contains("berth restore", condition.Message);
        Assert.Contains(lost.Actions, a => a is TaskAction.CheckPlanStored { Attempt: Plan1 });
        Assert.NotNull(lost.WakeAt);

        var task = A.Reserved() with { Status = lost.Status };
        Assert.True(TaskDecider.Decide(Waiting(task, stored: true)).Status.Plan!.Stored);
        // Losing the slot now means planning again: there is nothing that could be restored.
        var reset = TaskDecider.Decide(Waiting(task, stored: false) with { Pod = A.Pod(with: p => p with { Exists = false }) });
        Assert.Equal((TaskPhase.Pending, Reasons.PlanLost), (reset.Status.Phase, reset.Status.Reason));
    }

    private static TaskObserved Waiting(TaskResource task, bool? stored) => A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.AgentWith(Plan1), PlanStored = stored });

    private static TaskObserved Reported(DateTimeOffset now, bool? stored = null, EndKind kind = EndKind.Succeeded, PlanStatus? made = null, Func<TaskSpec, TaskSpec>? spec = null)
    {
        var task = A.Task(spec, s => s with { Phase = TaskPhase.Planning, Attempts = 1, Attempt = A.Attempt(1, AttemptKind.Plan), Slot = A.Reserved().Status.Slot, Inputs = A.Inputs() });
        var end = A.Ended(Plan1, kind, kind == EndKind.Succeeded ? 0 : 1, kind == EndKind.Succeeded ? made ?? A.Made() : null) with { EndKnownAt = Known };
        return A.Seen(task, s => s with { Now = now, Pod = A.Pod(), Agent = A.AgentWith(Plan1, end), PlanStored = stored });
    }
}
