using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>What people say of a lost apply, and what comes late from agents.</summary>
public sealed class ResolutionTests
{
    private const string Apply2 = $"{A.Uid}-2";

    private static TaskResource Lost(bool fenced, Func<TaskSpec, TaskSpec>? spec = null)
    {
        var task = A.Applying(spec);
        return task with { Status = TaskDecider.Decide(Gone(task, fenced)).Status };
    }

    private static TaskObserved Gone(TaskResource task, bool fenced, params ApprovalResource[] approvals) =>
        A.Seen(task, s => s with { Pod = A.Pod(with: p => fenced ? p with { Terminal = true, AllTerminated = true } : p with { Exists = false }), Approvals = approvals });

    [Theory]
    [InlineData(ApprovalDecision.MarkSucceeded, TaskPhase.Succeeded, Reasons.MarkedSucceeded)]
    [InlineData(ApprovalDecision.MarkFailed, TaskPhase.Failed, Reasons.MarkedFailed)]
    [InlineData(ApprovalDecision.Replan, TaskPhase.Pending, Reasons.Replan)]
    public void What_a_person_decides_happens_and_stands_there_with_the_name(ApprovalDecision decision, TaskPhase phase, string reason)
    {
        var lost = Lost(fenced: true);
        var decided = TaskDecider.Decide(Gone(lost, true, A.Approval(lost, decision, "say", s => s with { Approver = "bob", Comment = "looked at it" })));
        Assert.Equal((phase, reason), (decided.Status.Phase, decided.Status.Reason));
        Assert.Equal(("say", "uid-say", "bob", decision, A.T0.AddMinutes(1)), (decided.Status.Resolution!.Approval, decided.Status.Resolution.ApprovalUid, decided.Status.Resolution.Approver, decided.Status.Resolution.Decision, decided.Status.Resolution.At));
        Assert.Equal(("bob", "bob"), (decided.Transitions[0].Actor, decided.Status.History.Entries[^1].Actor));
        Assert.Equal((true, Reasons.Accepted), (decided.Verdicts.Single().Accepted, decided.Verdicts.Single().Reason));
        Assert.Null(decided.Status.Slot);
        if (phase == TaskPhase.Pending) Assert.True(decided.Status is { Grant: null, Plan: null });
    }

    [Fact]
    public void ConfirmDead_stands_there_with_the_name_and_lets_the_slot_go_and_no_more()
    {
        var lost = Lost(fenced: false);
        Assert.NotNull(lost.Status.Slot);
        var confirmed = TaskDecider.Decide(Gone(lost, false, A.Approval(lost, ApprovalDecision.ConfirmDead, "dead", s => s with { Approver = "bob" })));
        Assert.Equal((TaskPhase.ApplyLost, "ConfirmDead", "bob", true), (confirmed.Status.Phase, confirmed.Status.Attempt!.FencedBy, confirmed.Status.Resolution!.Approver, confirmed.Status.Slot is null));
        Assert.Contains("confirmed dead by bob", confirmed.Transitions[0].Message, StringComparison.Ordinal);
        Assert.Contains("how far it got is not known", confirmed.Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfirmDead_ends_a_stop_that_nothing_else_proves()
    {
        var stopping = A.Applying(s => s with { DesiredState = DesiredState.Stopped });
        stopping = stopping with { Status = TaskDecider.Decide(Gone(stopping, false)).Status };
        Assert.Equal(TaskPhase.Stopping, stopping.Status.Phase);
        var confirmed = TaskDecider.Decide(Gone(stopping, false, A.Approval(stopping, ApprovalDecision.ConfirmDead, "dead")));
        Assert.Equal((TaskPhase.Stopped, "ConfirmDead", true), (confirmed.Status.Phase, confirmed.Status.Attempt!.FencedBy, confirmed.Verdicts.Single().Accepted));
    }

    public static TheoryData<string, ApprovalDecision, bool, Func<ApprovalSpec, ApprovalSpec>> Refused => new()
    {
        { Reasons.WrongRun, ApprovalDecision.MarkSucceeded, true, s => s with { Attempt = $"{A.Uid}-1" } },
        { Reasons.WrongRun, ApprovalDecision.ConfirmDead, false, s => s with { Attempt = null } },
        { Reasons.NotWaiting, ApprovalDecision.Replan, false, s => s },
        { Reasons.NotWaiting, ApprovalDecision.MarkFailed, false, s => s },
        { Reasons.TooLate, ApprovalDecision.ConfirmDead, true, s => s },
        { Reasons.TooLate, ApprovalDecision.Approve, true, s => s },
    };

    [Theory, MemberData(nameof(Refused))]
    public void What_does_not_fit_is_refused_and_changes_nothing(string reason, ApprovalDecision decision, bool fenced, Func<ApprovalSpec, ApprovalSpec> spec)
    {
        var lost = Lost(fenced);
        var decided = TaskDecider.Decide(Gone(lost, fenced, A.Approval(lost, decision, "no", spec)));
        Assert.Equal((false, reason), (decided.Verdicts.Single().Accepted, decided.Verdicts.Single().Reason));
        Assert.Equal((TaskPhase.ApplyLost, lost.Status.Loss!.Fenced), (decided.Status.Phase, decided.Status.Loss!.Fenced));
        Assert.Empty(decided.Transitions);
    }

    [Fact]
    public void A_decision_on_what_still_runs_is_not_waited_for()
    {
        var running = A.Applying();
        var decided = TaskDecider.Decide(A.Seen(running, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running(Apply2)), Approvals = [A.Approval(running, ApprovalDecision.ConfirmDead, "early")] }));
        Assert.Equal((Reasons.NotWaiting, TaskPhase.Applying), (decided.Verdicts.Single().Reason, decided.Status.Phase));
    }

    [Fact]
    public void The_late_result_of_a_plan_that_was_replaced_is_acknowledged_and_discarded()
    {
        var replaced = A.Task(status: s => s with { Phase = TaskPhase.Planning, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Plan) with { Pod = "pod-b", PodUid = "uid-pod-b" } });
        var late = A.AgentWith($"{A.Uid}-1", A.Ended($"{A.Uid}-1", plan: A.Made()));
        Assert.Equal([new Leftover.Result($"{A.Uid}-1"), new Leftover.Directory(0, $"{A.Uid}-1")], AgentCleanup.Find("uid-pod-a", late, _ => replaced));
        var decided = TaskDecider.Decide(A.Seen(replaced, s => s with { Pod = A.Pod("pod-b"), Agent = A.Agent(A.Running(Apply2)) }));
        Assert.Equal((TaskPhase.Planning, true), (decided.Status.Phase, decided.Status.Plan is null));
    }

    [Fact]
    public void The_result_of_a_lost_apply_is_nobodys_leftover_while_its_task_waits_for_it()
    {
        var lost = Lost(fenced: false);
        Assert.Empty(AgentCleanup.Find("uid-pod-a", A.Agent(A.Ended(Apply2)), _ => lost));
        Assert.Empty(AgentCleanup.Find("uid-pod-a", A.Agent(A.Running(Apply2)), _ => lost));
    }

    [Fact]
    public void What_has_no_task_any_more_is_ended_and_cleared()
    {
        var orphan = A.Agent(A.Running(Apply2)) with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 3, Apply2, null, A.Uid), [1] = new(1, true, 3, null, $"{A.Uid}-1", A.Uid) } };
        Assert.Equal([new Leftover.Process(Apply2, 0), new Leftover.Directory(1, $"{A.Uid}-1")], AgentCleanup.Find("uid-pod-a", orphan, _ => null));
    }

    [Fact]
    public void A_task_that_cannot_be_deleted_yet_says_why_and_what_to_type()
    {
        var task = Lost(fenced: false);
        task = task with { Metadata = task.Metadata with { DeletionTimestamp = A.T0 } };
        var decided = TaskDecider.Decide(Gone(task, false));
        Assert.Equal((TaskPhase.Stopping, Reasons.ApplyLost), (decided.Status.Phase, decided.Status.Reason));
        Assert.Contains("confirm-dead", decided.Status.Message!, StringComparison.Ordinal);
        Assert.NotEqual(false, decided.Finalizer);
    }
}
