using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Approvals;

public sealed class ApprovalTests
{
    private const string Plan1 = $"{A.Uid}-1";

    private static TaskObserved Ready(TaskResource task, params ApprovalResource[] approvals) => A.Seen(task, s => s with
    {
        Pod = A.Pod(),
        Agent = A.AgentWith(Plan1),
        Approvals = approvals,
        GrantStillThere = approvals.Any(a => a.Spec.Decision == ApprovalDecision.Approve),
        Inputs = new InputsFacts(A.Inputs(), null),
    });

    [Fact]
    public void An_approval_of_the_shown_digest_becomes_a_grant_and_apply_begins_in_one_write()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task)));
        Assert.Equal([TaskSignal.Approved, TaskSignal.ApplyOrdered], decision.Transitions.Select(t => t.Row.Signal));
        Assert.Equal((TaskPhase.Applying, $"{A.Uid}-2", "alice", $"{A.Uid}-2"), (decision.Status.Phase, decision.Status.Attempt!.Id, decision.Status.Grant!.Approver, decision.Status.Grant.SpentBy));
        Assert.Equal((true, Reasons.Accepted), (decision.Verdicts.Single().Accepted, decision.Verdicts.Single().Reason));
        Assert.Single(decision.Actions.OfType<TaskAction.SendAttempt>());
    }

    public static TheoryData<string, Func<ApprovalSpec, ApprovalSpec>, DateTimeOffset> Wrong => new()
    {
        { Reasons.WrongDigest, s => s with { Digest = Digests.Of("other") }, A.T0.AddSeconds(50) },
        { Reasons.Superseded, s => s with { Digest = Digests.Of("older") }, A.T0.AddSeconds(10) },
        { Reasons.WrongRun, s => s with { Run = 2 }, A.T0.AddSeconds(50) },
        { Reasons.WrongRun, s => s with { TaskRef = s.TaskRef with { Uid = "99999999-2222-3333-4444-555555555555" } }, A.T0.AddSeconds(50) },
        { Reasons.NotAllowed, s => s with { Workspace = "elsewhere" }, A.T0.AddSeconds(50) },
        { Reasons.NotAllowed, s => s, A.T0.AddHours(-3) },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void A_wrong_approval_gets_its_verdict_and_nothing_is_applied(string reason, Func<ApprovalSpec, ApprovalSpec> spec, DateTimeOffset at)
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task, spec: spec, at: at)));
        Assert.Equal((TaskPhase.ApplyPending, true), (decision.Status.Phase, decision.Status.Grant is null));
        var verdict = Assert.Single(decision.Verdicts);
        Assert.Equal((false, reason), (verdict.Accepted, verdict.Reason));
        Assert.NotEmpty(verdict.Message);
    }

    [Fact]
    public void Without_the_proof_no_approval_is_honoured_and_none_is_judged_for_good()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task)) with { Proof = new ApprovalProof(false, DateTimeOffset.MaxValue, "the policy is not installed") });
        Assert.Equal((TaskPhase.ApplyPending, Reasons.ApprovalPolicyMissing), (decision.Status.Phase, decision.Status.Reason));
        Assert.Empty(decision.Verdicts);
    }

    [Fact]
    public void Of_an_approve_and_a_reject_in_the_same_second_the_reject_wins()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task, name: "a"), A.Approval(task, ApprovalDecision.Reject, "b")));
        Assert.Equal(TaskPhase.Rejected, decision.Status.Phase);
        Assert.Equal(new HashSet<(string, bool)> { ("b", true), ("a", false) }, decision.Verdicts.Select(v => (v.Name, v.Accepted)).ToHashSet());
    }

    [Fact]
    public void The_second_of_two_approvals_gets_a_verdict_too()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task, name: "a"), A.Approval(task, name: "b")));
        Assert.Equal(TaskPhase.Applying, decision.Status.Phase);
        Assert.Equal([("a", Reasons.Accepted), ("b", Reasons.TooLate)], decision.Verdicts.Select(v => (v.Name, v.Reason)).Order());
    }

    [Fact]
    public void An_approval_deleted_before_apply_takes_its_grant_with_it()
    {
        var task = A.Reserved();
        task = task with { Status = task.Status with { Grant = A.Grant(task) } };
        var decision = TaskDecider.Decide(Ready(task) with { GrantStillThere = false });
        Assert.Equal((TaskPhase.ApplyPending, true, TaskSignal.ApprovalRevoked), (decision.Status.Phase, decision.Status.Grant is null, decision.Transitions[0].Row.Signal));
    }

    [Fact]
    public void An_approval_that_grew_too_old_is_not_used()
    {
        var task = A.Reserved();
        task = task with { Status = task.Status with { Grant = A.Grant(task) with { ValidUntil = A.T0.AddSeconds(55) } } };
        var decision = TaskDecider.Decide(Ready(task) with { GrantStillThere = true });
        Assert.Equal((TaskPhase.ApplyPending, TaskSignal.ApprovalRevoked), (decision.Status.Phase, decision.Transitions[0].Row.Signal));
    }

    [Fact]
    public void Nobody_approved_in_time() =>
        Assert.Equal(TaskPhase.Expired, TaskDecider.Decide(Ready(A.Reserved()) with { Now = A.T0.AddHours(169) }).Status.Phase);

    [Theory]
    [InlineData("alice", Reasons.NotAllowed)]
    [InlineData("", Reasons.NotAllowed)]
    [InlineData("bob", Reasons.Accepted)]
    public void With_distinctApprover_somebody_else_has_to_decide(string requestedBy, string verdict)
    {
        var task = A.Reserved(spec: s => s with { RequestedBy = requestedBy.Length == 0 ? null : requestedBy, Approval = new ApprovalPolicy { DistinctApprover = true } });
        Assert.Equal(verdict, TaskDecider.Decide(Ready(task, A.Approval(task))).Verdicts.Single().Reason);
    }

    [Theory]
    [InlineData(true, ApprovalMode.Auto, TaskPhase.Applying)]
    [InlineData(true, ApprovalMode.Manual, TaskPhase.ApplyPending)]
    [InlineData(false, ApprovalMode.Auto, TaskPhase.ApplyPending)]
    public void A_task_approves_itself_only_if_it_asks_and_its_pool_allows(bool asks, ApprovalMode pool, TaskPhase phase)
    {
        var task = A.Reserved(spec: s => s with { Approval = new ApprovalPolicy { Mode = asks ? ApprovalMode.Auto : ApprovalMode.Manual } });
        var seen = Ready(task) with { Pool = new PoolFacts { Spec = new AgentPoolSpec { Policy = new PoolPolicy { Approval = pool } } } };
        Assert.Equal(phase, TaskDecider.Decide(seen).Status.Phase);
    }

    [Theory]
    [InlineData("sha256:meaning", Reapproval.IfChanged, true)]
    [InlineData("sha256:other", Reapproval.IfChanged, false)]
    [InlineData("", Reapproval.IfChanged, false)]
    [InlineData("sha256:meaning", Reapproval.Always, false)]
    public void A_replan_that_says_the_same_keeps_its_approval(string meaning, Reapproval policy, bool kept)
    {
        var approved = A.Reserved(stored: false, spec: s => s with { Approval = new ApprovalPolicy { Reapproval = policy } });
        approved = approved with { Status = approved.Status with { Grant = A.Grant(approved) } };
        var lost = TaskDecider.Decide(A.Seen(approved, s => s with { Pod = A.Pod(with: p => p with { Exists = false }), GrantStillThere = true }));
        Assert.Equal(TaskPhase.Pending, lost.Status.Phase);
        var planning = approved with { Status = lost.Status with { Phase = TaskPhase.Planning, Inputs = A.Inputs(), Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Plan), Slot = approved.Status.Slot } };
        var planned = TaskDecider.Decide(A.Seen(planning, s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-2", A.Ended($"{A.Uid}-2", plan: A.Made(meaning))) }));
        Assert.Equal(kept, planned.Status.Grant is { Basis: GrantBasis.Semantic });
        if (kept) Assert.Equal((planned.Status.Plan!.Digest, approved.Status.Plan!.Digest), (planned.Status.Grant!.RunDigest, planned.Status.Grant.ApprovedDigest));
    }

    [Fact]
    public void From_X_to_Y_and_back_to_X_the_first_approval_is_not_revived()
    {
        var approved = A.Reserved(stored: false);
        approved = approved with { Status = approved.Status with { Grant = A.Grant(approved) with { SemanticDigest = A.Meaning("sha256:x") } } };
        TaskResource Replan(TaskResource task, int number, string meaning)
        {
            var lost = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(with: p => p with { Exists = false }), GrantStillThere = true }));
            Assert.Equal(TaskPhase.Pending, lost.Status.Phase);
            var planning = task with { Status = lost.Status with { Phase = TaskPhase.Planning, Inputs = A.Inputs(), Attempts = number, Attempt = A.Attempt(number, AttemptKind.Plan), Slot = approved.Status.Slot } };
            var planned = TaskDecider.Decide(A.Seen(planning, s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-{number}", A.Ended($"{A.Uid}-{number}", plan: A.Made(meaning))), GrantStillThere = true }));
            Assert.Equal(TaskPhase.ApplyPending, planned.Status.Phase);
            return task with { Status = planned.Status };
        }

        var y = Replan(approved, 2, "sha256:y");
        Assert.Null(y.Status.Grant);
        var x = Replan(y, 3, "sha256:x");
        Assert.Null(x.Status.Grant);
    }

    [Fact]
    public void An_approval_given_while_the_plan_is_made_again_is_not_for_the_next_one()
    {
        var planned = A.Reserved();
        var pending = planned with { Status = planned.Status with { Phase = TaskPhase.Pending, Plan = null, Slot = null, Grant = null } };
        Assert.Equal(Reasons.NotWaiting, TaskDecider.Decide(Ready(pending, A.Approval(planned))).Verdicts.Single().Reason);
    }

    [Fact]
    public void An_approval_given_while_planning_is_told_to_wait_for_the_plan()
    {
        var planned = A.Reserved();
        var planning = planned with { Status = planned.Status with { Phase = TaskPhase.Planning, Plan = null, Attempts = 2, Attempt = A.Attempt(2, AttemptKind.Plan) } };
        var verdict = TaskDecider.Decide(A.Seen(planning, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), Approvals = [A.Approval(planned)] })).Verdicts.Single();
        Assert.Equal((false, Reasons.NotWaiting), (verdict.Accepted, verdict.Reason));
        Assert.Contains("wait for its plan", verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_approval_of_what_is_approved_and_waits_is_a_conflict_and_changes_nothing()
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.SlotLost });
        task = task with { Status = task.Status with { Grant = A.Grant(task) } };
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Approvals = [A.Approval(task, name: "second", spec: a => a with { Approver = "bob" })], GrantStillThere = true }));
        Assert.Equal((false, Reasons.Conflict), (decision.Verdicts.Single().Accepted, decision.Verdicts.Single().Reason));
        Assert.Contains("alice", decision.Verdicts.Single().Message, StringComparison.Ordinal);
        Assert.Equal("uid-ok", decision.Status.Grant!.ApprovalUid);
    }

    [Fact]
    public void An_approval_whose_verdict_was_lost_with_its_leader_is_accepted_by_the_next_and_counts_once()
    {
        var task = A.Reserved();
        var approval = A.Approval(task);
        var first = TaskDecider.Decide(Ready(task, approval));
        var next = TaskDecider.Decide(A.Seen(task with { Status = first.Status }, s => s with { Leader = new LeaderFacts("leader-b", 8, s.Now), Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), Approvals = [approval] }));
        Assert.Equal((true, Reasons.Accepted, TaskPhase.Applying), (next.Verdicts.Single().Accepted, next.Verdicts.Single().Reason, next.Status.Phase));
        Assert.Empty(next.Transitions);
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve)]
    [InlineData(ApprovalDecision.Reject)]
    public void A_decision_on_what_has_begun_to_apply_comes_too_late(ApprovalDecision late)
    {
        var applying = A.Applying();
        var decision = TaskDecider.Decide(A.Seen(applying, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), Approvals = [A.Approval(applying, late, "late")] }));
        Assert.Equal((Reasons.TooLate, TaskPhase.Applying), (decision.Verdicts.Single().Reason, decision.Status.Phase));
    }

    [Fact]
    public void A_reject_after_an_approval_that_waits_for_its_slot_still_counts()
    {
        var task = A.Reserved(status: s => s with { Slot = null, Reason = Reasons.SlotLost });
        task = task with { Status = task.Status with { Grant = A.Grant(task) } };
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Approvals = [A.Approval(task, ApprovalDecision.Reject, "no")], GrantStillThere = true }));
        Assert.Equal((TaskPhase.Rejected, true), (decision.Status.Phase, decision.Verdicts.Single().Accepted));
    }

    [Fact]
    public void A_pool_that_takes_Auto_back_takes_the_grant_of_what_has_not_begun()
    {
        var task = A.Reserved(spec: s => s with { Approval = new ApprovalPolicy { Mode = ApprovalMode.Auto } });
        task = task with { Status = task.Status with { Grant = new GrantStatus { RunDigest = task.Status.Plan!.Digest, ApprovedDigest = task.Status.Plan.Digest, Basis = GrantBasis.Auto, At = A.T0 } } };
        var decision = TaskDecider.Decide(Ready(task) with { Pool = new PoolFacts { Spec = new AgentPoolSpec { Policy = new PoolPolicy { Approval = ApprovalMode.Manual } } } });
        Assert.Equal((TaskPhase.ApplyPending, true), (decision.Status.Phase, decision.Status.Grant is null));
    }

    [Fact]
    public void Changed_inputs_are_never_applied()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task)) with { Inputs = new InputsFacts(A.Inputs() with { ImageId = "image-2" }, null) });
        Assert.Equal((TaskPhase.Pending, Reasons.InputsChanged, true), (decision.Status.Phase, decision.Status.Reason, decision.Status.Grant is null));
    }

    [Fact]
    public void An_agent_that_takes_no_work_does_not_cost_the_approval()
    {
        var task = A.Reserved();
        var decision = TaskDecider.Decide(Ready(task, A.Approval(task)) with { Agent = A.AgentWith(Plan1) with { Unavailable = "journal is read-only" } });
        Assert.Equal((TaskPhase.ApplyPending, true), (decision.Status.Phase, decision.Status.Grant is { SpentBy: null }));
    }

    [Fact]
    public void A_requeue_voids_the_approval_and_keeps_counting_history_and_attempts()
    {
        var task = A.Applying();
        var done = task with { Spec = task.Spec with { Requeue = 1 }, Status = task.Status with { Phase = TaskPhase.Failed, Slot = null, History = new OutboxStatus { Seq = 5, Acknowledged = 5 } } };
        var decision = TaskDecider.Decide(A.Seen(done));
        Assert.Equal((TaskPhase.Pending, 2, 2, true, 6L, 1L), (decision.Status.Phase, decision.Status.Run, decision.Status.Attempts, decision.Status.Grant is null, decision.Status.History.Seq, decision.Status.ObservedRequeue));
        Assert.Equal(Reasons.WrongRun, TaskDecider.Decide(A.Seen(done with { Status = decision.Status }, s => s with { Approvals = [A.Approval(task)] })).Verdicts.Single().Reason);
    }
}
