using Berth.Api;
using Berth.Cli.Verbs.Look;
using Xunit;

namespace Berth.Cli.Tests.Verbs;

public class OutlookTests
{
    public static TheoryData<TaskPhase, string> Waits()
    {
        var data = new TheoryData<TaskPhase, string>();
        foreach (var reason in new[] { Reasons.WaitingForSlot, Reasons.WaitingForWorkspace, Reasons.PoolNotFound, Reasons.PoolNotReady, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden, Reasons.BackingOff, Reasons.Suspended, Reasons.HistoryBacklog }) data.Add(TaskPhase.Pending, reason);
        foreach (var reason in new[] { Reasons.AwaitingApproval, Reasons.ApprovalPolicyMissing, Reasons.WaitingForSlot, Reasons.SlotLost, Reasons.HoldExpired, Reasons.Displaced, Reasons.Suspended, Reasons.BackingOff }) data.Add(TaskPhase.ApplyPending, reason);
        foreach (var phase in new[] { TaskPhase.Planning, TaskPhase.Applying, TaskPhase.Running, TaskPhase.ApplyLost, TaskPhase.Stopping, TaskPhase.Failed, TaskPhase.DeadLettered, TaskPhase.Expired, TaskPhase.Rejected, TaskPhase.Stopped }) data.Add(phase, phase.ToString());
        return data;
    }

    [Theory, MemberData(nameof(Waits))]
    public void Whatever_waits_or_needs_something_has_a_next_step_and_a_command(TaskPhase phase, string reason)
    {
        var outlook = Outlook.Of(ATask(phase, reason));
        Assert.Equal("the message", outlook.Why);
        Assert.NotEmpty(outlook.Next);
        Assert.NotEmpty(outlook.Commands);
        Assert.All(outlook.Commands, c => Assert.EndsWith(" -n team-a", c, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_command_that_it_names_is_a_verb()
    {
        var verbs = BerthCommand.Create().Subcommands.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var named = Waits().SelectMany(row => Outlook.Of(ATask(row.Data.Item1, row.Data.Item2)).Commands).Where(c => c.StartsWith("berth ", StringComparison.Ordinal)).Select(c => c.Split(' ')[1]).Distinct(StringComparer.Ordinal);
        Assert.Empty(named.Except(verbs));
    }

    [Fact]
    public void An_approval_that_is_awaited_says_when_it_expires()
    {
        var outlook = Outlook.Of(ATask(TaskPhase.ApplyPending, Reasons.AwaitingApproval));
        Assert.Contains("it expires at", outlook.Next, StringComparison.Ordinal);
        Assert.Contains("berth approve change -n team-a", outlook.Commands);
    }

    [Fact]
    public void A_lost_apply_is_confirmed_dead_first_and_resolved_afterwards()
    {
        var lost = ATask(TaskPhase.ApplyLost, Reasons.ApplyLost);
        Assert.Contains(Outlook.Of(lost).Commands, c => c.Contains("confirm-dead", StringComparison.Ordinal));
        var fenced = lost with { Status = lost.Status with { Loss = new LossStatus { Attempt = "u-1", Fenced = true } } };
        Assert.Contains(Outlook.Of(fenced).Commands, c => c.Contains("succeeded|failed|replan", StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_that_is_silent_is_said_to_be()
    {
        var task = ATask(TaskPhase.Applying, Reasons.Applying);
        var silent = task with { Status = task.Status with { Conditions = [new Condition { Type = "Stalled", Status = ConditionStatus.True, Reason = Reasons.OutputSilent, Message = "silent for 12m" }] } };
        var outlook = Outlook.Of(silent);
        Assert.Contains("silent for 12m", outlook.Why, StringComparison.Ordinal);
        Assert.Contains("berth stop change -n team-a", outlook.Commands);
    }

    private static TaskResource ATask(TaskPhase phase, string reason) => new()
    {
        Metadata = new ResourceMeta { Name = "change", Namespace = "team-a", Uid = "u" },
        Spec = new TaskSpec { Workspace = "network", PoolRef = new PoolReference { Name = "samples" }, Approval = new ApprovalPolicy { Timeout = "2h" } },
        Status = new Berth.Api.TaskStatus { Phase = phase, Reason = reason, Message = "the message", PhaseSince = DateTimeOffset.UtcNow.AddMinutes(-5) },
    };
}
