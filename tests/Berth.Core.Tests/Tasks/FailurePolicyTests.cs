using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Tasks;

/// <summary>Commands that fail and pods that are lost: counted apart, bounded apart, told with their story.</summary>
public sealed class FailurePolicyTests
{
    private const string Plan1 = $"{A.Uid}-1";

    private static TaskResource Planning(Func<TaskSpec, TaskSpec>? spec = null, Func<Api.TaskStatus, Api.TaskStatus>? status = null) => A.Task(
        s => (spec ?? (x => x))(s with { Retry = new RetryPolicy { Limit = 2, Backoff = new BackoffPolicy { Initial = "10s", Max = "1m" }, PermanentExitCodes = [64] } }),
        s =>
        {
            var shaped = s with { Phase = TaskPhase.Planning, Reason = Reasons.Planning, Inputs = A.Inputs(), Attempts = 1, Attempt = A.Attempt(1, AttemptKind.Plan), Slot = A.Reserved().Status.Slot };
            return status is null ? shaped : status(shaped);
        });

    private static TaskDecision Ends(TaskResource task, EndKind kind, int exitCode, double jitter = 0) =>
        TaskDecider.Decide(A.Seen(task, s => s with { Jitter = jitter, Pod = A.Pod(), Agent = A.AgentWith(Plan1, A.Ended(Plan1, kind, exitCode, kind == EndKind.Succeeded ? A.Made() : null)), PlanStored = true }));

    [Theory]
    [InlineData(1, 0.0, 10.0)]
    [InlineData(1, 1.0, 11.0)]
    [InlineData(2, 0.0, 20.0)]
    [InlineData(3, 0.5, 42.0)]
    [InlineData(4, 0.0, 60.0)]
    [InlineData(99, 1.0, 66.0)]
    public void Pauses_double_up_to_a_cap_with_a_tenth_of_jitter(int failures, double jitter, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Backoff.Pause(new BackoffPolicy { Initial = "10s", Max = "1m" }, failures, jitter));

    [Fact]
    public void A_failed_plan_is_tried_again_after_a_pause_that_stands_in_the_status()
    {
        var decision = Ends(Planning(), EndKind.Failed, 1, jitter: 0.5);
        Assert.Equal((TaskPhase.Pending, Reasons.BackingOff, 1, 0, 0), (decision.Status.Phase, decision.Status.Reason, decision.Status.Failures, decision.Status.Resets, decision.Status.Losses));
        Assert.Equal(A.T0.AddMinutes(1).AddSeconds(10.5), decision.Status.NotBefore);
        Assert.Equal(decision.Status.NotBefore, decision.WakeAt);
        Assert.Contains("try 2 of 3", decision.Status.Message!, StringComparison.Ordinal);
        // Another leader, another jitter: the pause is the same.
        var later = TaskDecider.Decide(A.Seen(A.Task(status: _ => decision.Status), s => s with { Leader = new LeaderFacts("leader-b", 8, s.Now), Jitter = 0.9, Offer = A.Offer(), Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.Pending, decision.Status.NotBefore), (later.Status.Phase, later.WakeAt));
    }

    [Fact]
    public void A_plan_that_fails_too_often_is_dead_lettered_and_says_what_to_do()
    {
        var decision = Ends(Planning(status: s => s with { Failures = 2 }), EndKind.Failed, 7);
        Assert.Equal((TaskPhase.DeadLettered, Reasons.RetriesExhausted, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Slot is null));
        Assert.Contains("3 tries", decision.Status.Message!, StringComparison.Ordinal);
        Assert.Contains("exit code 7", decision.Status.Message!, StringComparison.Ordinal);
        Assert.Contains("spec.requeue", decision.Status.Message!, StringComparison.Ordinal);
        Assert.Equal(ConditionStatus.True, decision.Status.Conditions.Single(c => c.Type == "Stalled").Status);
    }

    [Fact]
    public void An_exit_code_that_is_declared_permanent_fails_at_once()
    {
        var decision = Ends(Planning(), EndKind.Failed, 64);
        Assert.Equal((TaskPhase.Failed, Reasons.PermanentFailure), (decision.Status.Phase, decision.Status.Reason));
        Assert.Contains("declared permanent", decision.Status.Message!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EndKind.PrepareFailed, "prepare failed")]
    [InlineData(EndKind.TimedOut, "ran past its timeout")]
    [InlineData(EndKind.CannotStart, "cannot be started")]
    [InlineData(EndKind.DescribeFailed, "could not be described")]
    public void Whatever_of_the_users_fails_counts_as_a_failure_and_says_what_it_was(EndKind kind, string says)
    {
        var decision = Ends(Planning(), kind, 1);
        Assert.Equal((1, 0), (decision.Status.Failures, decision.Status.Resets));
        Assert.Contains(says, decision.Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_are_not_failures_and_failures_are_not_losses()
    {
        var lost = TaskDecider.Decide(A.Seen(Planning(status: s => s with { Failures = 2 }), s => s with { Pod = A.Pod(with: p => p with { Exists = false }) }));
        Assert.Equal((TaskPhase.Pending, 2, 1, 1), (lost.Status.Phase, lost.Status.Failures, lost.Status.Resets, lost.Status.Losses));
        var restarted = Ends(Planning(status: s => s with { Failures = 2 }), EndKind.RunnerLost, 0);
        Assert.Equal((TaskPhase.Pending, 2, 1), (restarted.Status.Phase, restarted.Status.Failures, restarted.Status.Resets));
        var failed = Ends(Planning(status: s => s with { Resets = 3, Losses = 3 }), EndKind.Failed, 1);
        Assert.Equal((TaskPhase.Pending, 1, 3, 3), (failed.Status.Phase, failed.Status.Failures, failed.Status.Resets, failed.Status.Losses));
    }

    [Fact]
    public void A_refusal_of_the_agent_costs_nothing()
    {
        var refused = new AgentAttempt { Id = Plan1, Refused = new Refusal("SlotTaken", "slot 0 runs another") };
        var decision = TaskDecider.Decide(A.Seen(Planning(), s => s with { Pod = A.Pod(), Agent = A.Agent(refused) }));
        Assert.Equal((TaskPhase.Pending, Reasons.AttemptRefused, 0, 0), (decision.Status.Phase, decision.Status.Reason, decision.Status.Failures, decision.Status.Resets));
        Assert.NotNull(decision.WakeAt);
    }

    [Fact]
    public void A_plan_that_works_clears_the_failures()
    {
        var decision = Ends(Planning(status: s => s with { Failures = 2 }), EndKind.Succeeded, 0);
        Assert.Equal((TaskPhase.ApplyPending, 0), (decision.Status.Phase, decision.Status.Failures));
    }

    [Fact]
    public void The_exit_code_for_no_changes_ends_the_task_without_an_apply()
    {
        var task = Planning(s => s with { Plan = s.Plan! with { ExitCodes = new PlanExitCodes { NoChanges = [0], Changes = [2] } } });
        var none = Ends(task, EndKind.Succeeded, 0);
        Assert.Equal((TaskPhase.Succeeded, Reasons.NoChanges, "no changes", true), (none.Status.Phase, none.Status.Reason, none.Status.Plan!.Summary, none.Status.Grant is null));
        Assert.Null(none.Status.Slot);
        Assert.Equal(TaskPhase.ApplyPending, Ends(task, EndKind.Succeeded, 2).Status.Phase);
    }

    [Fact]
    public void Resets_are_paused_too_each_longer_than_the_one_before()
    {
        TaskDecision Lose(int resets) => TaskDecider.Decide(A.Seen(Planning(status: s => s with { Resets = resets, Losses = resets }), s => s with { Pod = A.Pod(with: p => p with { Exists = false }) }));
        Assert.Equal([10, 20, 40], Enumerable.Range(0, 3).Select(n => (int)(Lose(n).Status.NotBefore!.Value - A.T0.AddMinutes(1)).TotalSeconds));
        var last = Lose(3);
        Assert.Equal((TaskPhase.DeadLettered, Reasons.ResetsExhausted), (last.Status.Phase, last.Status.Reason));
        foreach (var part in new[] { "4 losses", "pod pod-a is gone", "spec.requeue" }) Assert.Contains(part, last.Status.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_requeue_brings_a_dead_letter_back_with_its_counters_reset_and_its_history_kept()
    {
        var dead = Ends(Planning(status: s => s with { Failures = 2, Resets = 2, Losses = 5, ExcusedAt = A.T0 }), EndKind.Failed, 1).Status;
        var again = TaskDecider.Decide(A.Seen(A.Task(s => s with { Requeue = 1 }, _ => dead), s => s with { Now = A.T0.AddHours(1) })).Status;
        Assert.Equal((TaskPhase.Pending, 2, 0, 0, 0), (again.Phase, again.Run, again.Failures, again.Resets, again.Losses));
        Assert.Equal((A.T0.AddHours(1), dead.Attempts, dead.History.Seq + 1), (again.QueuedAt, again.Attempts, again.History.Seq));
        Assert.True(again is { ExcusedAt: null, NotBefore: null, FinishedAt: null, Plan: null, Grant: null });
    }

    /// <summary>The secret of a plan or the files of a restore went away between decision and sending: nothing of the user's has failed.</summary>
    [Fact]
    public void An_attempt_that_was_never_begun_is_no_failed_command()
    {
        const string why = "stopped before it started: InputMissing: Secret ns/token does not exist; create it";
        AgentAttempt Never(string id) => new() { Id = id, End = new AttemptEnd { Kind = EndKind.Stopped, Message = why, At = A.T0 } };
        TaskDecision Told(TaskResource task, string id) => TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(), Agent = A.Agent(Never(id)) }));
        var planning = Told(Planning(), Plan1);
        Assert.Equal((TaskPhase.Pending, Reasons.AttemptRefused, 0, 0), (planning.Status.Phase, planning.Status.Reason, planning.Status.Failures, planning.Status.Resets));
        Assert.Contains("Secret ns/token", planning.Status.Message!, StringComparison.Ordinal);
        Assert.Contains(planning.Actions, a => a is TaskAction.AcknowledgeAttempt { Attempt: Plan1 });
        var applying = Told(A.Applying(), $"{A.Uid}-2");
        Assert.Equal((TaskPhase.Pending, Reasons.AttemptRefused, true), (applying.Status.Phase, applying.Status.Reason, applying.Status.Grant is null));
        var restoring = Told(A.Reserved(status: s => s with { Slot = s.Slot! with { Warm = false }, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Restore) }), $"{A.Uid}-2");
        Assert.Equal((TaskPhase.ApplyPending, Reasons.SlotLost, 0, true), (restoring.Status.Phase, restoring.Status.Reason, restoring.Status.Failures, restoring.Status.Slot is null));
    }
}
