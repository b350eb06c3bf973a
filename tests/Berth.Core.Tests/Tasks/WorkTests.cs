using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

public sealed class WorkTests
{
    private const string Apply2 = $"{A.Uid}-2";

    private static TaskObserved On(TaskResource task, AgentFacts? agent, Func<PodFacts, PodFacts>? pod = null) => A.Seen(task, s => s with { Pod = A.Pod(with: pod), Agent = agent });

    [Fact]
    public void Success_ends_the_task_and_lets_the_agent_forget_only_then()
    {
        var decision = TaskDecider.Decide(On(A.Applying(), A.Agent(A.Ended(Apply2))));
        Assert.Equal((TaskPhase.Succeeded, Reasons.Applied, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Slot is null));
        Assert.Contains(decision.Actions, a => a is TaskAction.AcknowledgeAttempt { Attempt: Apply2 });
        Assert.Contains(decision.Actions, a => a is TaskAction.ReleaseSlot);
    }

    [Fact]
    public void A_failed_apply_is_never_repeated()
    {
        var decision = TaskDecider.Decide(On(A.Applying(), A.Agent(A.Ended(Apply2, EndKind.Failed, 1))));
        Assert.Equal(TaskPhase.Failed, decision.Status.Phase);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.SendAttempt);
    }

    [Fact]
    public void An_exit_code_that_promises_nothing_was_changed_leads_to_a_new_plan_and_a_new_approval()
    {
        var task = A.Applying(s => s with { Apply = s.Apply! with { ExitCodes = new ApplyExitCodes { NothingChanged = [3] } } });
        var decision = TaskDecider.Decide(On(task, A.Agent(A.Ended(Apply2, EndKind.Failed, 3))));
        Assert.Equal((TaskPhase.Pending, true, true), (decision.Status.Phase, decision.Status.Grant is null, decision.Status.Plan is null));
    }

    [Fact]
    public void An_attempt_of_an_earlier_leader_that_the_agent_never_saw_is_written_again_before_it_is_sent()
    {
        var task = A.Applying();
        task = task with { Status = task.Status with { Attempt = task.Status.Attempt! with { Epoch = 6, Leader = "leader-z" } } };
        var decision = TaskDecider.Decide(On(task, A.AgentWith($"{A.Uid}-1")));
        Assert.Equal((Apply2, 7L, "leader-a"), (decision.Status.Attempt!.Id, decision.Status.Attempt.Epoch, decision.Status.Attempt.Leader));
        Assert.Equal(7, Assert.Single(decision.Actions.OfType<TaskAction.SendAttempt>()).Attempt.Epoch);
    }

    /// <summary>A deposed leader's write can land after the new one has given the workspace to another task.</summary>
    [Theory]
    [InlineData(TaskPhase.Planning)]
    [InlineData(TaskPhase.Applying)]
    [InlineData(TaskPhase.Running)]
    public void An_attempt_of_an_earlier_leader_that_was_never_begun_makes_way_where_the_workspace_has_gone_to_another_task(TaskPhase phase)
    {
        var task = A.Applying();
        task = task with { Status = task.Status with { Phase = phase, Attempt = task.Status.Attempt! with { Epoch = 6, Leader = "leader-z" } } };
        TaskDecision Decide(AgentFacts? agent, string? other, long epoch = 6) =>
            TaskDecider.Decide(On(task with { Status = task.Status with { Attempt = task.Status.Attempt! with { Epoch = epoch } } }, agent) with { WorkspaceTakenBy = other });
        var made = Decide(A.AgentWith($"{A.Uid}-1"), "newer");
        Assert.Equal((TaskPhase.Pending, Reasons.AttemptRefused, true, true), (made.Status.Phase, made.Status.Reason, made.Status.Slot is null, made.Status.Grant is null || phase == TaskPhase.Planning));
        Assert.Contains("task newer", made.Status.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain(made.Actions, a => a is TaskAction.SendAttempt);
        Assert.Contains(Decide(A.AgentWith($"{A.Uid}-1"), null).Actions, a => a is TaskAction.SendAttempt);
        // What this leader ordered itself, what runs, and what nobody can tell yet stays.
        Assert.Contains(Decide(A.AgentWith($"{A.Uid}-1"), "newer", epoch: 7).Actions, a => a is TaskAction.SendAttempt);
        Assert.Equal(phase, Decide(A.Agent(A.Running(Apply2)), "newer").Status.Phase);
        Assert.Equal(phase, Decide(A.Agent() with { Connected = false, SilentSince = A.T0.AddSeconds(50) }, "newer").Status.Phase);
    }

    [Fact]
    public void An_attempt_that_the_agent_knows_is_adopted_and_not_sent_again() =>
        Assert.DoesNotContain(TaskDecider.Decide(On(A.Applying(), A.Agent(A.Running(Apply2)))).Actions, a => a is TaskAction.SendAttempt);

    [Fact]
    public void Nothing_is_sent_to_an_agent_that_is_not_connected() =>
        Assert.DoesNotContain(TaskDecider.Decide(On(A.Applying(), null)).Actions, a => a is TaskAction.SendAttempt);

    public static TheoryData<string, Func<PodFacts, PodFacts>> LostPods => new()
    {
        { "gone", p => p with { Exists = false } },
        { "failed without terminations", p => p with { Terminal = true } },
        { "marked by the collector", p => p with { Terminal = true, AllTerminated = true, MarkedByCollector = true } },
        { "node gone", p => p with { NodeExists = false } },
    };

    [Theory, MemberData(nameof(LostPods))]
    public void A_lost_apply_holds_slot_and_workspace_until_it_is_proved_dead(string how, Func<PodFacts, PodFacts> pod)
    {
        var decision = TaskDecider.Decide(On(A.Applying(), null, pod));
        Assert.True(decision.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: false, Slot: not null }, how);
        Assert.Contains("confirm-dead", decision.Status.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.ReleaseSlot);
        Assert.Equal(ConditionStatus.True, decision.Status.Conditions.Single(c => c.Type == "Stalled").Status);
    }

    [Fact]
    public void A_mere_deletion_or_a_node_that_is_not_ready_is_no_loss()
    {
        Assert.Empty(TaskDecider.Decide(On(A.Applying(), A.Agent(A.Running(Apply2)), p => p with { Deleting = true, Draining = true })).Transitions);
        Assert.Empty(TaskDecider.Decide(On(A.Applying(), A.Agent(A.Running(Apply2)), p => p with { NodeReady = false })).Transitions);
    }

    [Fact]
    public void Once_fenced_it_holds_for_a_person_by_default()
    {
        var decision = TaskDecider.Decide(On(A.Applying(), null, p => p with { Terminal = true, AllTerminated = true }));
        Assert.Equal((TaskPhase.ApplyLost, Reasons.ApplyOutcomeUnknown, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Loss!.Fenced));
        Assert.Equal([TaskSignal.WorkLost, TaskSignal.Fenced], decision.Transitions.Select(t => t.Row.Signal));
        Assert.Contains("replan | succeeded | failed", decision.Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public void Once_fenced_it_is_planned_again_if_the_task_says_so_and_needs_a_new_approval()
    {
        var task = A.Applying(s => s with { Recovery = new RecoveryPolicy { OnApplyLost = OnApplyLost.Replan } });
        var decision = TaskDecider.Decide(On(task, null, p => p with { Terminal = true, AllTerminated = true }));
        Assert.Equal((TaskPhase.Pending, true, 1), (decision.Status.Phase, decision.Status.Grant is null, decision.Status.Resets));
    }

    [Fact]
    public void A_late_result_of_a_lost_apply_is_believed()
    {
        var lost = TaskDecider.Decide(On(A.Applying(), null, p => p with { NodeExists = false })).Status;
        var decision = TaskDecider.Decide(On(A.Applying() with { Status = lost }, A.Agent(A.Ended(Apply2))));
        Assert.Equal((TaskPhase.Succeeded, Reasons.Applied), (decision.Status.Phase, decision.Status.Reason));
        var written = TaskDecider.Decide(On(A.Applying() with { Status = decision.Status }, null) with { Acknowledged = decision.Status.History.Seq });
        Assert.False(written.Finalizer);
    }

    [Fact]
    public void The_history_of_a_task_that_was_let_go_is_not_written_again()
    {
        var over = TaskDecider.Decide(On(A.Applying(), A.Agent(A.Ended(Apply2)))).Status;
        Assert.True(over.History.Seq > over.History.Acknowledged);
        var held = A.Applying() with { Status = over };
        Assert.Contains(TaskDecider.Decide(On(held, null)).Actions, a => a is TaskAction.WriteHistory);
        var letGo = held with { Metadata = held.Metadata with { Finalizers = null } };
        var decision = TaskDecider.Decide(On(letGo, null));
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.WriteHistory);
        Assert.Null(decision.Finalizer);
        var again = TaskDecider.Decide(On(letGo with { Spec = letGo.Spec with { Requeue = 1 } }, null));
        Assert.Contains(again.Actions, a => a is TaskAction.WriteHistory);
        Assert.True(again.Finalizer);
    }

    [Fact]
    public void A_person_confirms_death_and_then_decides()
    {
        var lost = A.Applying() with { Status = TaskDecider.Decide(On(A.Applying(), null, p => p with { Exists = false })).Status };
        var tooSoon = TaskDecider.Decide(On(lost, null, p => p with { Exists = false }) with { Approvals = [A.Approval(lost, ApprovalDecision.MarkSucceeded, "early")] });
        Assert.Equal((TaskPhase.ApplyLost, Reasons.NotWaiting), (tooSoon.Status.Phase, tooSoon.Verdicts.Single().Reason));
        var confirmed = TaskDecider.Decide(On(lost, null, p => p with { Exists = false }) with { Approvals = [A.Approval(lost, ApprovalDecision.ConfirmDead, "dead")] });
        Assert.Equal((true, "ConfirmDead", true), (confirmed.Status.Loss!.Fenced, confirmed.Status.Attempt!.FencedBy, confirmed.Verdicts.Single().Accepted));
        var fenced = lost with { Status = confirmed.Status };
        var marked = TaskDecider.Decide(On(fenced, null, p => p with { Exists = false }) with { Approvals = [A.Approval(fenced, ApprovalDecision.MarkSucceeded, "m")] });
        Assert.Equal((TaskPhase.Succeeded, Reasons.MarkedSucceeded), (marked.Status.Phase, marked.Status.Reason));
        Assert.Equal("alice", marked.Transitions[0].Actor);
    }

    [Fact]
    public void A_refusal_proves_that_nothing_started_but_does_not_give_the_approval_back()
    {
        var refused = new AgentAttempt { Id = Apply2, Refused = new Refusal("RunnerAbsent", "no runner") };
        var decision = TaskDecider.Decide(On(A.Applying(), A.Agent(refused)));
        Assert.Equal((TaskPhase.Pending, true), (decision.Status.Phase, decision.Status.Grant is null));
    }

    [Fact]
    public void A_stop_lasts_until_proof_and_is_sticky()
    {
        var running = A.Applying(s => s with { DesiredState = DesiredState.Stopped });
        var stopping = TaskDecider.Decide(On(running, A.Agent(A.Running(Apply2))));
        Assert.Equal(TaskPhase.Stopping, stopping.Status.Phase);
        Assert.Contains(stopping.Actions, a => a is TaskAction.CancelAttempt { Attempt: Apply2 });
        var unchanged = A.Applying() with { Status = stopping.Status };
        var still = TaskDecider.Decide(On(unchanged, A.Agent(A.Running(Apply2))));
        Assert.Equal((TaskPhase.Stopping, 0), (still.Status.Phase, still.Transitions.Count));
        var ended = TaskDecider.Decide(On(unchanged, A.Agent(A.Ended(Apply2, EndKind.Stopped, 143))));
        Assert.Equal(TaskPhase.Stopped, ended.Status.Phase);
    }

    [Fact]
    public void A_stop_whose_pod_vanished_is_not_over_before_it_is_fenced()
    {
        var running = A.Applying(s => s with { DesiredState = DesiredState.Stopped });
        var gone = TaskDecider.Decide(On(running, null, p => p with { Exists = false }));
        Assert.Equal((TaskPhase.Stopping, false), (gone.Status.Phase, gone.Status.Loss!.Fenced));
        var dead = TaskDecider.Decide(On(running with { Status = gone.Status }, null, p => p with { Terminal = true, AllTerminated = true }));
        Assert.Equal(TaskPhase.Stopped, dead.Status.Phase);
    }

    [Fact]
    public void The_finalizer_goes_only_when_everything_is_over_proved_and_written()
    {
        var done = TaskDecider.Decide(On(A.Applying(), A.Agent(A.Ended(Apply2))));
        Assert.Null(done.Finalizer);
        var written = TaskDecider.Decide(On(A.Applying() with { Status = done.Status }, null) with { Acknowledged = done.Status.History.Seq });
        Assert.False(written.Finalizer);
    }

    [Fact]
    public void A_silent_command_is_said_by_default_and_stopped_only_if_the_task_says_so()
    {
        var silent = A.Running(Apply2) with { LastOutputAt = A.T0 };
        TaskObserved Later(TaskResource task) => On(task, A.Agent(silent)) with { Now = A.T0.AddMinutes(11) };
        Assert.Equal((TaskPhase.Applying, Reasons.OutputSilent), (TaskDecider.Decide(Later(A.Applying())).Status.Phase, TaskDecider.Decide(Later(A.Applying())).Status.Reason));
        Assert.Equal(TaskPhase.Stopping, TaskDecider.Decide(Later(A.Applying(s => s with { Stuck = new StuckPolicy { Action = StuckAction.Stop } }))).Status.Phase);
    }
}
