using Berth.Api;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Berth.Core.Watching;
using Xunit;

namespace Berth.Core.Tests.Watching;

/// <summary>When people are told, how often, and what makes it stop.</summary>
public sealed class EscalationTests
{
    [Fact]
    public void What_stands_still_is_told_after_ten_minutes_and_twice_more_four_hours_apart()
    {
        var escalation = Escalation.Of(Stalled())!;
        Assert.Equal((EscalationKind.Stalled, EscalationLevel.System), (escalation.Kind, escalation.Level));
        Assert.Equal([(0, 10), (1, 250), (2, 490)], Minutes(escalation, 0, 60 * 24 * 7));
    }

    [Fact]
    public void A_lost_apply_and_a_dead_letter_were_told_by_their_move_and_are_repeated_twice()
    {
        var lost = Escalation.Of(Stalled(TaskPhase.ApplyLost, Reasons.ApplyOutcomeUnknown))!;
        Assert.Equal((EscalationKind.ApplyLost, EscalationLevel.Disaster), (lost.Kind, lost.Level));
        Assert.Equal([(1, 240), (2, 480)], Minutes(lost, 0, 60 * 24 * 7));
        Assert.Equal([(1, 240), (2, 480)], Minutes(Escalation.Of(Stalled(TaskPhase.DeadLettered, Reasons.RetriesExhausted))!, 0, 60 * 24 * 7));
    }

    [Fact]
    public void An_acknowledgement_ends_it_and_what_begins_later_sounds_again()
    {
        var acknowledged = Stalled(known: A.T0.AddMinutes(30));
        Assert.Empty(Escalation.Of(acknowledged)!.Due(A.T0, A.T0.AddDays(7)));
        var later = acknowledged with { Status = acknowledged.Status with { Conditions = [Condition(A.T0.AddHours(5))] } };
        Assert.Equal([0, 1, 2], Escalation.Of(later)!.Due(A.T0, A.T0.AddDays(7)));
        var gibberish = Stalled() with { Metadata = Stalled().Metadata with { Annotations = new Dictionary<string, string> { [Names.AcknowledgedAnnotation] = "yes" } } };
        Assert.Equal([0, 1, 2], Escalation.Of(gibberish)!.Due(A.T0, A.T0.AddDays(7)));
    }

    [Fact]
    public void A_new_leader_goes_on_where_the_one_before_stopped()
    {
        var escalation = Escalation.Of(Stalled())!;
        var told = new List<int>();
        // Two leaders, looks at odd moments: each telling once.
        DateTimeOffset[] looks = [A.T0.AddMinutes(9), A.T0.AddMinutes(10), A.T0.AddMinutes(11), A.T0.AddMinutes(249), A.T0.AddMinutes(300), A.T0.AddDays(1), A.T0.AddDays(2)];
        for (var i = 1; i < looks.Length; i++) told.AddRange(escalation.Due(looks[i - 1], looks[i]));
        Assert.Equal([0, 1, 2], told);
    }

    [Theory]
    [InlineData("168h", 164 * 60)]
    [InlineData("8h", 6 * 60)]
    [InlineData("1h", 45)]
    public void An_approver_is_reminded_once_before_the_plan_expires(string timeout, int afterMinutes)
    {
        var task = A.Reserved(spec: s => s with { Approval = new ApprovalPolicy { Timeout = timeout } });
        var escalation = Escalation.Of(task)!;
        Assert.Equal(EscalationKind.ApprovalExpiring, escalation.Kind);
        Assert.Equal(task.Status.Plan!.At.AddMinutes(afterMinutes), escalation.First);
        Assert.Equal([0], escalation.Due(A.T0, A.T0.AddDays(30)));
        Assert.Contains("berth approve t -n ns", escalation.Message, StringComparison.Ordinal);
        Assert.Null(Escalation.Of(task with { Status = task.Status with { Grant = A.Grant(task) } }));
    }

    [Fact]
    public void A_pool_is_told_for_what_needs_a_person_and_not_while_its_pods_start()
    {
        Assert.Equal(EscalationKind.PoolNotReady, Escalation.Of(Pool(Reasons.ImagePullFailed))!.Kind);
        Assert.Null(Escalation.Of(Pool(Reasons.PodsStarting)));
    }

    [Fact]
    public void Every_reason_that_stalls_a_task_is_at_least_level_three()
    {
        string[] stalling = [Reasons.PoolNotFound, Reasons.PoolNotReady, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden, Reasons.ApprovalPolicyMissing, Reasons.OutputSilent, Reasons.ApplyLost, Reasons.ApplyOutcomeUnknown, Reasons.RetriesExhausted, Reasons.ResetsExhausted];
        Assert.All(stalling, r => Assert.True(EscalationLevels.Of(r) >= EscalationLevel.System, r));
        Assert.Equal(EscalationLevel.Transient, EscalationLevels.Of(Reasons.BackingOff));
    }

    [Fact]
    public void Losses_of_a_run_are_capped_whatever_excuses_them()
    {
        var task = A.Reserved(stored: false, status: s => s with { Losses = 20 });
        var decision = TaskDecider.Decide(A.Seen(task, s => s with { Pod = A.Pod(with: p => p with { Exists = false }), MassLoss = true }));
        Assert.Equal(TaskPhase.DeadLettered, decision.Status.Phase);
        Assert.Equal(21, decision.Status.Losses);
    }

    [Fact]
    public void A_task_is_excused_once_an_hour()
    {
        TaskDecision Lose(Func<Api.TaskStatus, Api.TaskStatus> status, int minutes) =>
            TaskDecider.Decide(A.Seen(A.Reserved(stored: false, status: status), s => s with { Now = A.T0.AddMinutes(minutes), Pod = A.Pod(with: p => p with { Exists = false }), MassLoss = true }));
        Assert.Equal(0, Lose(s => s, 1).Status.Resets);
        Assert.Equal(1, Lose(s => s with { ExcusedAt = A.T0, Losses = 1 }, 59).Status.Resets);
        Assert.Equal(0, Lose(s => s with { ExcusedAt = A.T0, Losses = 1 }, 61).Status.Resets);
    }

    private static IEnumerable<(int N, int Minute)> Minutes(Escalation escalation, int from, int to)
    {
        for (var minute = from + 1; minute <= to; minute++)
            foreach (var n in escalation.Due(A.T0.AddMinutes(minute - 1), A.T0.AddMinutes(minute))) yield return (n, minute);
    }

    private static TaskResource Stalled(TaskPhase phase = TaskPhase.Pending, string reason = Reasons.PoolNotFound, DateTimeOffset? known = null)
    {
        var task = A.Task(status: s => s with { Phase = phase, Reason = reason, Message = "create it", Conditions = [Condition(A.T0)] });
        return known is null ? task : task with { Metadata = task.Metadata with { Annotations = new Dictionary<string, string> { [Names.AcknowledgedAnnotation] = known.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) } } };
    }

    private static Condition Condition(DateTimeOffset since) => new() { Type = "Stalled", Status = ConditionStatus.True, Reason = "x", LastTransitionTime = since };

    private static AgentPoolResource Pool(string reason) => new()
    {
        Metadata = new ResourceMeta { Name = "pool", Namespace = "ns", Uid = "p" },
        Status = new AgentPoolStatus { Conditions = [new Condition { Type = "Ready", Status = ConditionStatus.False, Reason = reason, LastTransitionTime = A.T0 }] },
    };
}
