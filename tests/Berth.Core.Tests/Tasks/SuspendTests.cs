using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>Held still, stopped, deleted and requeued at awkward moments.</summary>
public sealed class SuspendTests
{
    private const string Plan1 = $"{A.Uid}-1";

    private static TaskResource Suspended(TaskResource task) => task with { Spec = task.Spec with { DesiredState = DesiredState.Suspended } };

    private static TaskObserved Held(TaskResource task) => A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.AgentWith(Plan1), Inputs = new InputsFacts(A.Inputs(), null) });

    private static TaskResource After(TaskResource task, TaskDecision decision) => task with { Status = decision.Status };

    private static ConditionStatus Condition(TaskDecision decision) => decision.Status.Conditions.Single(c => c.Type == "Suspended").Status;

    [Fact]
    public void Suspended_while_its_plan_is_restored_it_gives_the_slot_up_and_ends_the_restore()
    {
        var task = Suspended(A.Reserved(status: s => s with { Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore) }));
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")) }));
        Assert.Equal((TaskPhase.ApplyPending, true, Reasons.Suspended), (decision.Status.Phase, decision.Status.Slot is null, decision.Status.Reason));
        Assert.Contains(decision.Actions, a => a is TaskAction.CancelAttempt { Attempt: $"{A.Uid}-2" });
    }

    [Theory]
    [InlineData(ApprovalDecision.Reject)]
    [InlineData(null)]
    public void Over_while_its_plan_is_restored_it_ends_the_restore_and_lets_the_agent_forget_it(ApprovalDecision? decision)
    {
        var task = A.Reserved(status: s => s with { Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore) });
        var over = TaskDecider.Decide(A.Seen(task, s => s with { Now = decision is null ? A.T0.AddDays(8) : s.Now, Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), Approvals = decision is { } d ? [A.Approval(task, d)] : [] }));
        Assert.True(over.Status is { Phase: TaskPhase.Rejected or TaskPhase.Expired, Slot: null, Attempt.EndedAt: not null });
        Assert.Contains(over.Actions, a => a is TaskAction.CancelAttempt { Attempt: $"{A.Uid}-2" });
        var ended = TaskDecider.Decide(A.Seen(After(task, over), s => s with { Pod = A.Pod(), Agent = A.Agent(A.Ended($"{A.Uid}-2", EndKind.Stopped, 143)) }));
        Assert.Contains(ended.Actions, a => a is TaskAction.AcknowledgeAttempt { Attempt: $"{A.Uid}-2" });
    }

    [Fact]
    public void A_restore_that_its_task_gave_up_is_ended_by_the_janitor_too()
    {
        var task = A.Reserved(status: s => s with { Phase = TaskPhase.Stopped, Slot = null, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore) with { EndedAt = A.T0, Outcome = "Stopped" } });
        var agent = A.Agent(A.Running($"{A.Uid}-2")) with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 3, $"{A.Uid}-2", null, A.Uid) } };
        Assert.Contains(new Leftover.Process($"{A.Uid}-2", 0), AgentCleanup.Find("uid-pod-a", agent, _ => task));
    }

    [Fact]
    public void An_approval_of_a_suspended_task_is_accepted_and_says_that_apply_begins_on_resume()
    {
        var held = TaskDecider.Decide(Held(Suspended(A.Reserved())));
        var task = After(Suspended(A.Reserved()), held);
        var approved = TaskDecider.Decide(A.Seen(task, s => s with { Approvals = [A.Approval(task)], GrantStillThere = true }));
        Assert.Equal((TaskPhase.ApplyPending, Reasons.Suspended, true), (approved.Status.Phase, approved.Status.Reason, approved.Status.Grant is { SpentBy: null }));
        Assert.Contains("once its spec.desiredState is Running again", approved.Verdicts.Single().Message, StringComparison.Ordinal);
        Assert.Contains("approved by alice", approved.Status.Message!, StringComparison.Ordinal);
        Assert.Equal([TaskSignal.Approved], approved.Transitions.Select(t => t.Row.Signal));
        Assert.Equal(ConditionStatus.True, Condition(approved));
        var again = TaskDecider.Decide(A.Seen(After(task, approved), s => s with { GrantStillThere = true }));
        Assert.Empty(again.Transitions);
        var resumed = TaskDecider.Decide(A.Seen(A.Task(status: _ => approved.Status), s => s with { GrantStillThere = true }));
        Assert.Equal((TaskSignal.Resumed, Reasons.Approved, ConditionStatus.False, true), (resumed.Transitions[0].Row.Signal, resumed.Transitions[0].Reason, Condition(resumed), resumed.WantsSlot));
    }

    [Fact]
    public void Suspension_asked_for_while_something_runs_is_seen_and_begins_after_it()
    {
        var task = Suspended(A.Applying());
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")) }));
        var condition = decision.Status.Conditions.Single(c => c.Type == "Suspended");
        Assert.Equal((TaskPhase.Applying, ConditionStatus.False, Reasons.SuspendRequested), (decision.Status.Phase, condition.Status, condition.Reason));
    }

    [Fact]
    public void A_running_task_that_is_deleted_is_stopped_first_and_says_so()
    {
        var task = A.Applying();
        task = task with { Metadata = task.Metadata with { DeletionTimestamp = A.T0 } };
        var stopping = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")) }));
        Assert.Equal((TaskPhase.Stopping, Reasons.Deleted), (stopping.Status.Phase, stopping.Status.Reason));
        var stopped = TaskDecider.Decide(A.Seen(After(task, stopping), s => s with { Pod = A.Pod(), Agent = A.Agent(A.Ended($"{A.Uid}-2", EndKind.Stopped, 143)) }));
        Assert.Equal((TaskPhase.Stopped, Reasons.Deleted), (stopped.Status.Phase, stopped.Status.Reason));
        Assert.DoesNotContain("requeue", stopped.Status.Message!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_requeue_raised_before_the_end_is_told_and_never_fires_later(bool running)
    {
        var task = running ? A.Applying(s => s with { Requeue = 1 }) : A.Reserved(spec: s => s with { Requeue = 1 });
        var seen = running ? A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")) }) : Held(task);
        var told = TaskDecider.Decide(seen);
        Assert.Equal((Reasons.RequeueIgnored, 1L, task.Status.Phase), (told.Notices.Single().Reason, told.Status.ObservedRequeue, told.Status.Phase));
        Assert.Empty(TaskDecider.Decide(seen with { Task = After(task, told) }).Notices);
        var over = After(task, told) with { Status = told.Status with { Phase = TaskPhase.Failed, Slot = null } };
        Assert.Empty(TaskDecider.Decide(A.Seen(over)).Transitions);
        Assert.Equal(TaskSignal.Requeued, TaskDecider.Decide(A.Seen(over with { Spec = over.Spec with { Requeue = 2 } })).Transitions[0].Row.Signal);
    }

    [Fact]
    public void A_late_result_is_believed_even_after_the_attempt_was_proved_dead()
    {
        var fenced = TaskDecider.Decide(A.Seen(A.Applying(), s => s with { Pod = A.Pod(with: p => p with { Terminal = true, AllTerminated = true }) }));
        Assert.True(fenced.Status.Loss is { Fenced: true });
        var late = TaskDecider.Decide(A.Seen(After(A.Applying(), fenced), s => s with { Pod = A.Pod(), Agent = A.Agent(A.Ended($"{A.Uid}-2")) }));
        Assert.Equal((TaskPhase.Succeeded, Reasons.Applied), (late.Status.Phase, late.Status.Reason));
        Assert.Contains(late.Actions, a => a is TaskAction.AcknowledgeAttempt);
    }

    [Fact]
    public void What_a_command_printed_over_many_lines_becomes_one_line()
    {
        var task = A.Task(status: s => s with { Phase = TaskPhase.Planning, Attempts = 1, Inputs = A.Inputs(), Attempt = A.Attempt(1, AttemptKind.Plan), Slot = new SlotStatus { Name = "pod-a/0", Pod = "pod-a", PodUid = "uid-pod-a" } });
        var end = new AgentAttempt { Id = Plan1, End = new AttemptEnd { Kind = EndKind.DescribeFailed, Message = "no plan:\n  line 1,\tcolumn 2\r\n", At = A.T0 } };
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(end) }));
        Assert.Contains("no plan: line 1, column 2", decision.Status.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain(decision.Status.Message!, char.IsControl);
    }
}
