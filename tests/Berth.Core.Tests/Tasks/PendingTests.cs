using Berth.Api;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

public sealed class PendingTests
{
    [Fact]
    public void A_new_task_asks_for_a_slot_before_it_writes_and_writes_when_it_hears_nothing()
    {
        var born = A.Task(status: null);
        TaskDecision At(double seconds, Func<TaskObserved, TaskObserved>? with = null) =>
            TaskDecider.Decide(A.Seen(born, s => (with?.Invoke(s) ?? s) with { Now = A.T0.AddSeconds(seconds), Inputs = new InputsFacts(A.Inputs(), null) }));
        foreach (var early in new[] { At(500), At(501.9, s => s with { AskedAt = A.T0.AddSeconds(500) }) })
        {
            Assert.Same(born.Status, early.Status);
            Assert.True(early.WantsSlot);
            Assert.Equal(A.T0.AddSeconds(502), early.WakeAt);
        }
        Assert.Equal(A.T0, At(502, s => s with { AskedAt = A.T0.AddSeconds(500) }).Status.QueuedAt);
        Assert.Equal(Reasons.WaitingForSlot, At(1, s => s with { Wait = new WaitCause(Reasons.WaitingForSlot, "none is free") }).Status.Reason);
        var placed = At(1, s => s with { Offer = A.Offer() }).Status;
        Assert.Equal((TaskPhase.Planning, A.T0, 1), (placed.Phase, placed.QueuedAt, placed.Run));
    }

    [Fact]
    public void A_new_task_asks_for_a_slot_and_gets_our_finalizer()
    {
        var task = A.Task();
        var decision = TaskDecider.Decide(A.Seen(task with { Metadata = task.Metadata with { Finalizers = null } }));
        Assert.True(decision.WantsSlot);
        Assert.True(decision.Finalizer);
        Assert.Empty(decision.Transitions);
    }

    [Fact]
    public void With_a_slot_and_inputs_the_attempt_is_written_before_it_is_sent()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Task(), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null), Agent = A.Agent() }));
        var status = decision.Status;
        Assert.Equal((TaskPhase.Planning, "pod-a/0", $"{A.Uid}-1", 7L), (status.Phase, status.Slot!.Name, status.Attempt!.Id, status.Attempt.Epoch));
        Assert.Equal(TaskSignal.PlanOrdered, Assert.Single(decision.Transitions).Row.Signal);
        Assert.Equal(status.Attempt, Assert.Single(decision.Actions.OfType<TaskAction.SendAttempt>()).Attempt);
        Assert.Equal((1L, TaskPhase.Pending, TaskPhase.Planning), (status.History.Seq, status.History.Entries[0].From!.Value, status.History.Entries[0].To));
    }

    [Fact]
    public void Nothing_is_ordered_without_inputs() =>
        Assert.Equal(TaskPhase.Pending, TaskDecider.Decide(A.Seen(A.Task(), s => s with { Offer = A.Offer() })).Status.Phase);

    [Fact]
    public void A_missing_input_is_said_and_looked_for_again()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Task(), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(null, new Fault(Reasons.InputMissing, "ConfigMap ns/x does not exist; create it")) }));
        Assert.Equal((Reasons.InputMissing, false), (decision.Status.Reason, decision.WantsSlot));
        Assert.NotNull(decision.WakeAt);
        Assert.Equal(ConditionStatus.True, decision.Status.Conditions.Single(c => c.Type == "Stalled").Status);
    }

    public static TheoryData<string, Func<TaskSpec, TaskSpec>, Func<PoolFacts?, PoolFacts?>> Refusals => new()
    {
        { Reasons.PoolNotFound, s => s, _ => null },
        { Reasons.PolicyForbids, s => s, p => p! with { Spec = p.Spec with { Policy = new PoolPolicy { Types = [TaskType.Plan] } } } },
        { Reasons.PolicyForbids, s => s with { Approval = new ApprovalPolicy { Mode = ApprovalMode.Auto } }, p => p },
        { Reasons.InvalidSpec, s => s with { Apply = null }, p => p },
        { Reasons.InvalidSpec, s => s with { Plan = s.Plan! with { Artifacts = ["../etc/passwd"] } }, p => p },
        { Reasons.InvalidSpec, s => s with { Source = new TaskSource { Inline = new InlineSource { Files = new Dictionary<string, string> { ["/abs"] = "" } } } }, p => p },
        { Reasons.InvalidSpec, s => s with { Mask = ["fine", "(?<=x)y"] }, p => p },
        { Reasons.PoolNotReady, s => s, p => p! with { Spec = p.Spec with { Policy = new PoolPolicy { Mask = ["("] } } } },
        { Reasons.PoolNotReady, s => s, p => p! with { Fault = new Fault(Reasons.InvalidTemplate, "no container named task", Retry: false) } },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void What_cannot_run_waits_with_a_message_that_says_what_to_change(string reason, Func<TaskSpec, TaskSpec> spec, Func<PoolFacts?, PoolFacts?> pool)
    {
        var decision = TaskDecider.Decide(A.Seen(A.Task(spec), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null), Pool = pool(s.Pool) }));
        Assert.Equal((TaskPhase.Pending, reason, false), (decision.Status.Phase, decision.Status.Reason, decision.WantsSlot));
        Assert.NotEmpty(decision.Status.Message!);
    }

    [Fact]
    public void A_pool_in_trouble_is_said_and_the_task_keeps_its_place_so_that_the_pool_knows_it_is_needed()
    {
        var trouble = new Fault(Reasons.ImagePullFailed, "pod p: no such image");
        var decision = TaskDecider.Decide(A.Seen(A.Task(), s => s with { Pool = s.Pool! with { Fault = trouble }, Wait = new WaitCause(Reasons.WaitingForSlot, "no slot") }));
        Assert.Equal((Reasons.PoolNotReady, true), (decision.Status.Reason, decision.WantsSlot));
        Assert.Contains("no such image", decision.Status.Message, StringComparison.Ordinal);
        var behind = TaskDecider.Decide(A.Seen(A.Task(), s => s with { Pool = s.Pool! with { Fault = trouble }, Wait = new WaitCause(Reasons.WaitingForWorkspace, "held") }));
        Assert.Equal(Reasons.WaitingForWorkspace, behind.Status.Reason);
    }

    [Fact]
    public void A_freeze_holds_back_a_run_and_not_a_plan()
    {
        var hold = new WorkHold(Reasons.FreezeWindow, "freeze window w lasts until then", A.T0.AddHours(1));
        var run = A.Task(s => s with { Type = TaskType.Run, Run = new RunStep { Command = ["run"] }, Plan = null, Apply = null });
        var held = TaskDecider.Decide(A.Seen(run, s => s with { Hold = hold, Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.Pending, Reasons.FreezeWindow, hold.Until, false), (held.Status.Phase, held.Status.Reason, held.WakeAt, held.WantsSlot));
        var plan = TaskDecider.Decide(A.Seen(A.Task(), s => s with { Hold = hold, Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal(TaskPhase.Planning, plan.Status.Phase);
    }

    [Fact]
    public void A_pause_between_tries_is_kept_and_wakes_the_task()
    {
        var until = A.T0.AddMinutes(5);
        var decision = TaskDecider.Decide(A.Seen(A.Task(status: s => s with { NotBefore = until, Reason = Reasons.BackingOff }), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.Pending, until), (decision.Status.Phase, decision.WakeAt!.Value));
        Assert.False(decision.WantsSlot);
    }

    [Fact]
    public void Suspended_it_takes_no_slot_and_says_so_and_resumes()
    {
        var held = TaskDecider.Decide(A.Seen(A.Task(s => s with { DesiredState = DesiredState.Suspended }), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.Pending, Reasons.Suspended), (held.Status.Phase, held.Status.Reason));
        Assert.Equal(ConditionStatus.True, held.Status.Conditions.Single(c => c.Type == "Suspended").Status);
        var resumed = TaskDecider.Decide(A.Seen(A.Task(status: _ => held.Status), s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal(TaskPhase.Planning, resumed.Status.Phase);
        Assert.Equal([TaskSignal.Resumed, TaskSignal.PlanOrdered], resumed.Transitions.Select(t => t.Row.Signal));
    }

    [Fact]
    public void Nothing_new_is_started_while_too_many_transitions_wait_for_the_database()
    {
        var entries = Enumerable.Range(1, Outbox.SoftBound).Select(i => new OutboxEntry { Seq = i, Run = 1, At = A.T0 }).ToList();
        var task = A.Task(status: s => s with { History = new OutboxStatus { Seq = Outbox.SoftBound, Entries = entries } });
        var full = TaskDecider.Decide(A.Seen(task, s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.Pending, Reasons.HistoryBacklog), (full.Status.Phase, full.Status.Reason));
        var freed = TaskDecider.Decide(A.Seen(task, s => s with { Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null), Acknowledged = 10 }));
        Assert.Equal(TaskPhase.Planning, freed.Status.Phase);
    }

    [Fact]
    public void Stopped_before_anything_ran_it_ends_at_once()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Task(s => s with { DesiredState = DesiredState.Stopped })));
        Assert.Equal(TaskPhase.Stopped, decision.Status.Phase);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.CancelAttempt);
    }
}
