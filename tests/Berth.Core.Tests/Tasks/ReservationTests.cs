using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

public sealed class ReservationTests
{
    private const string Plan1 = $"{A.Uid}-1";

    public static TheoryData<string, Func<TaskObserved, TaskObserved>> Losses => new()
    {
        { "pod gone", s => s with { Pod = A.Pod(with: p => p with { Exists = false }) } },
        { "pod ended", s => s with { Pod = A.Pod(with: p => p with { Terminal = true }) } },
        { "node gone", s => s with { Pod = A.Pod(with: p => p with { NodeExists = false }) } },
        { "node out of service", s => s with { Pod = A.Pod(with: p => p with { NodeReady = false, NodeOutOfService = true }) } },
        { "directory gone", s => s with { Pod = A.Pod(), Agent = A.Agent() } },
        { "agent silent", s => s with { Pod = A.Pod(), Agent = A.AgentWith(Plan1) with { Connected = false, SilentSince = A.T0.AddMinutes(-3) } } },
        { "agent never came back to a new leader", s => s with { Pod = A.Pod(), Agent = null, Leader = s.Leader with { Since = A.T0.AddMinutes(-10) } } },
    };

    [Theory, MemberData(nameof(Losses))]
    public void A_lost_reservation_with_a_stored_plan_goes_to_another_slot_and_costs_nothing(string cause, Func<TaskObserved, TaskObserved> loss)
    {
        var decision = TaskDecider.Decide(loss(A.Seen(A.Reserved())));
        Assert.True(decision.Status.Phase == TaskPhase.ApplyPending && decision.Status.Slot is null && decision.Status.Resets == 0, cause);
        Assert.True(decision.WantsSlot, cause);
        Assert.Equal(TaskSignal.ReservationLost, decision.Transitions[0].Row.Signal);
        Assert.Equal(Reasons.SlotLost, decision.Status.Conditions.Single(c => c.Type == "SlotReserved").Reason);
    }

    [Theory, MemberData(nameof(Losses))]
    public void A_lost_reservation_whose_plan_was_not_stored_is_planned_again(string cause, Func<TaskObserved, TaskObserved> loss)
    {
        var decision = TaskDecider.Decide(loss(A.Seen(A.Reserved(stored: false))));
        Assert.True(decision.Status is { Phase: TaskPhase.Pending, Resets: 1, Slot: null, Plan: null }, cause);
        Assert.True(decision.Status.NotBefore > A.T0, cause);
    }

    [Fact]
    public void After_a_takeover_silence_counts_only_from_thirty_seconds_plus_the_full_limit_on()
    {
        var since = A.T0.AddSeconds(30);
        TaskObserved At(double seconds) => A.Seen(A.Reserved(), s => s with { Now = A.T0.AddSeconds(seconds), Leader = s.Leader with { Since = since }, Pod = A.Pod() });
        Assert.Empty(TaskDecider.Decide(At(30 + 149)).Transitions);
        Assert.Equal(TaskSignal.ReservationLost, TaskDecider.Decide(At(30 + 150)).Transitions[0].Row.Signal);
        Assert.Equal(since.AddSeconds(150), TaskDecider.Decide(At(60)).WakeAt);
    }

    [Fact]
    public void A_loss_that_turns_out_to_be_part_of_a_larger_event_is_given_back_once()
    {
        var lost = TaskDecider.Decide(A.Seen(A.Reserved(stored: false), s => s with { Pod = A.Pod(with: p => p with { Exists = false }) }));
        Assert.Equal((TaskPhase.Pending, 1), (lost.Status.Phase, lost.Status.Resets));
        TaskDecision Later(double seconds, Api.TaskStatus status) =>
            TaskDecider.Decide(A.Seen(A.Task(status: _ => status), s => s with { Now = A.T0.AddMinutes(1).AddSeconds(seconds), Pod = A.Pod(with: p => p with { Exists = false }), MassLoss = true }));
        var excused = Later(20, lost.Status);
        Assert.Equal((0, 1), (excused.Status.Resets, excused.Status.Losses));
        Assert.Contains("larger event", excused.Status.Message, StringComparison.Ordinal);
        Assert.Equal(0, Later(21, excused.Status).Status.Resets);
        Assert.Equal(1, Later(61, lost.Status).Status.Resets);
        Assert.Equal(1, Later(20, lost.Status with { ExcusedAt = A.T0 }).Status.Resets);
    }

    [Fact]
    public void A_pod_that_is_asked_to_end_gives_the_reservation_away_before_it_dies()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Reserved(), s => s with { Pod = A.Pod(with: p => p with { Deleting = true, Draining = true }), Agent = A.AgentWith(Plan1) }));
        Assert.Equal((TaskSignal.ReservationLost, true), (decision.Transitions[0].Row.Signal, decision.WantsSlot));
        Assert.Contains(decision.Actions, a => a is TaskAction.ReleaseSlot);
    }

    [Fact]
    public void A_pod_that_is_asked_to_end_keeps_an_unstored_plan_until_it_is_stored()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Reserved(stored: false), s => s with { Pod = A.Pod(with: p => p with { Deleting = true, Draining = true }), Agent = A.AgentWith(Plan1) }));
        Assert.Empty(decision.Transitions);
        Assert.Contains(decision.Actions, a => a is TaskAction.CheckPlanStored);
    }

    [Fact]
    public void An_offer_becomes_a_restore_and_the_restore_a_warm_slot()
    {
        var lost = TaskDecider.Decide(A.Seen(A.Reserved(), s => s with { Pod = A.Pod(with: p => p with { Exists = false }) })).Status;
        var taken = TaskDecider.Decide(A.Seen(A.Task(status: _ => lost), s => s with { Offer = A.Offer("pod-b", 1), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.ApplyPending, "pod-b/1", false, AttemptKind.Restore, $"{A.Uid}-2"), (taken.Status.Phase, taken.Status.Slot!.Name, taken.Status.Slot.Warm, taken.Status.Attempt!.Kind, taken.Status.Attempt.Id));
        var restored = TaskDecider.Decide(A.Seen(A.Task(status: _ => taken.Status), s => s with { Pod = A.Pod("pod-b"), Agent = A.Agent(A.Ended($"{A.Uid}-2")) }));
        Assert.Equal((TaskSignal.PlanRestored, true, 0), (restored.Transitions[0].Row.Signal, restored.Status.Slot!.Warm, restored.Status.Resets));
        Assert.Contains(restored.Actions, a => a is TaskAction.AcknowledgeAttempt { Attempt: $"{A.Uid}-2" });
    }

    public static TheoryData<string, Func<InputsStatus, InputsStatus>> Changes => new()
    {
        { "the pool's pod template", i => i with { TemplateHash = "sha256:other" } },
        { "the image of the slot (image-1 → image-2)", i => i with { ImageId = "image-2" } },
        { "the pod's service account", i => i with { ServiceAccount = "admin" } },
        { "the source files", i => i with { SourceDigest = "sha256:other" } },
    };

    [Theory, MemberData(nameof(Changes))]
    public void What_could_not_be_applied_there_is_not_restored_but_planned_again(string what, Func<InputsStatus, InputsStatus> change)
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.SlotLost });
        task = task with { Status = task.Status with { Grant = A.Grant(task) } };
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { GrantStillThere = true, Offer = A.Offer("pod-b", 1), Inputs = new InputsFacts(change(A.Inputs()), null) }));
        Assert.Equal((TaskPhase.Pending, Reasons.InputsChanged, 1, true, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Resets, decision.Status.Plan is null, decision.Status.Grant is null));
        Assert.StartsWith($"{what} changed since the plan", decision.Status.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.SendAttempt);
    }

    [Fact]
    public void An_image_that_the_kubelet_has_not_told_yet_is_compared_when_apply_begins()
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.SlotLost });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Offer = A.Offer("pod-b", 1), Inputs = new InputsFacts(A.Inputs() with { ImageId = null }, null) }));
        Assert.Equal(AttemptKind.Restore, decision.Status.Attempt!.Kind);
    }

    [Fact]
    public void A_source_that_is_missing_keeps_the_plan_and_is_looked_for_again()
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.SlotLost });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Offer = A.Offer("pod-b", 1), Inputs = new InputsFacts(null, new Fault(Reasons.InputMissing, "ConfigMap ns/x does not exist; create it")) }));
        Assert.Equal((TaskPhase.ApplyPending, Reasons.InputMissing, false, true), (decision.Status.Phase, decision.Status.Reason, decision.WantsSlot, decision.Status.Slot is null));
        Assert.NotNull(decision.WakeAt);
    }

    [Fact]
    public void A_stored_plan_that_does_not_have_its_digest_is_never_applied()
    {
        var task = A.Reserved(status: s => s with { Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore), Grant = null });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Ended($"{A.Uid}-2", EndKind.RestoreFailed)) }));
        Assert.Equal((TaskPhase.Pending, Reasons.InputsChanged, 1), (decision.Status.Phase, decision.Status.Reason, decision.Status.Resets));
    }

    [Fact]
    public void After_holdFor_an_unapproved_reservation_gives_its_slot_up_and_waits_without()
    {
        var late = A.T0.AddSeconds(30).AddMinutes(10);
        var decision = TaskDecider.Decide(A.Seen(A.Reserved(), s => s with { Now = late, Pod = A.Pod(), Agent = A.AgentWith(Plan1) }));
        Assert.Equal((TaskPhase.ApplyPending, Reasons.HoldExpired, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Slot is null));
        var again = TaskDecider.Decide(A.Seen(A.Task(status: _ => decision.Status), s => s with { Now = late.AddMinutes(1) }));
        Assert.False(again.WantsSlot);
        Assert.Empty(again.Transitions);
    }

    [Fact]
    public void After_holdFor_an_approval_takes_a_slot_again()
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.HoldExpired });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Approvals = [A.Approval(task)], GrantStillThere = true }));
        Assert.Equal(TaskSignal.Approved, decision.Transitions[0].Row.Signal);
        Assert.True(decision.WantsSlot);
    }

    [Fact]
    public void An_unstored_plan_keeps_its_slot_past_holdFor()
    {
        var decision = TaskDecider.Decide(A.Seen(A.Reserved(stored: false), s => s with { Now = A.T0.AddHours(2), Pod = A.Pod(), Agent = A.AgentWith(Plan1) }));
        Assert.Empty(decision.Transitions);
        Assert.NotNull(decision.Status.Slot);
    }

    [Fact]
    public void Past_the_reset_limit_the_task_is_dead_lettered_with_its_story()
    {
        var task = A.Reserved(stored: false, status: s => s with { Resets = 3, Losses = 3 });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(with: p => p with { Exists = false }) }));
        Assert.Equal(TaskPhase.DeadLettered, decision.Status.Phase);
        Assert.Contains("requeue", decision.Status.Message!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stopped_while_it_waits_for_approval_it_lets_its_slot_go(bool warm)
    {
        var task = A.Reserved(spec: s => s with { DesiredState = DesiredState.Stopped }, status: s => warm ? s : s with { Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore) });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.AgentWith(Plan1) }));
        Assert.Equal((TaskPhase.Stopped, true), (decision.Status.Phase, decision.Status.Slot is null));
        Assert.Contains(decision.Actions, a => a is TaskAction.ReleaseSlot);
    }

    [Fact]
    public void A_loss_that_took_many_pods_at_once_costs_nothing_once_an_hour()
    {
        var first = TaskDecider.Decide(A.Seen(A.Reserved(stored: false), s => s with { Pod = A.Pod(with: p => p with { Exists = false }), MassLoss = true }));
        Assert.Equal((0, 1), (first.Status.Resets, first.Status.Losses));
        var task = A.Reserved(stored: false, status: s => s with { ExcusedAt = first.Status.ExcusedAt, Losses = 1 });
        var second = TaskDecider.Decide(A.Seen(task, s => s with { Now = A.T0.AddMinutes(30), Pod = A.Pod(with: p => p with { Exists = false }), MassLoss = true }));
        Assert.Equal((1, 2), (second.Status.Resets, second.Status.Losses));
    }
}
