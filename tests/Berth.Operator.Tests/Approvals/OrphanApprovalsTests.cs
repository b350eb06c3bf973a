using Berth.Api;
using Berth.Core.Approvals;
using Berth.Kubernetes;
using Berth.Operator.Approvals;
using Berth.Operator.Cluster;
using Xunit;

namespace Berth.Operator.Tests.Approvals;

/// <summary>Approvals whose task is gone, or never was; and verdicts of a leader that is none any more.</summary>
[Collection("meters")]
public sealed class OrphanApprovalsTests : IAsyncLifetime
{
    private ApprovalsOnCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ApprovalsOnCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task One_for_a_task_that_never_was_waits_ten_seconds_for_it_and_is_told()
    {
        var approval = await _cluster.ApproveAsync("nobody");
        Assert.Equal(TimeSpan.FromSeconds(6), (await JudgeAsync(approval, after: TimeSpan.FromSeconds(4))).After);
        Assert.Null(await _cluster.VerdictAsync(approval));
        Assert.Null((await JudgeAsync(approval, after: TimeSpan.FromSeconds(10))).After);
        var verdict = (await _cluster.VerdictAsync(approval))!;
        Assert.Equal((ConditionStatus.False, Reasons.NotAllowed), (verdict.Status, verdict.Reason));
        Assert.Contains("there is no task nobody", verdict.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_whose_task_was_deleted_is_told_as_well()
    {
        var task = await _cluster.TaskAsync("gone");
        var approval = await _cluster.ApproveAsync("gone", task.Metadata.Uid);
        await _cluster.Client.DeleteAsync(BerthResources.Tasks, task.Metadata.Key());
        await JudgeAsync(approval, after: TimeSpan.FromSeconds(10));
        Assert.Equal(Reasons.NotAllowed, (await _cluster.VerdictAsync(approval))!.Reason);
    }

    [Fact]
    public async Task A_task_that_only_the_cache_does_not_have_yet_keeps_its_Approval_open()
    {
        var approval = await _cluster.ApproveAsync("late");
        await _cluster.TaskAsync("late");
        await JudgeAsync(approval, after: TimeSpan.FromSeconds(10));
        Assert.Null(await _cluster.VerdictAsync(approval));
    }

    [Fact]
    public async Task A_verdict_stands_and_a_second_one_changes_nothing()
    {
        var approval = await _cluster.ApproveAsync("twice");
        Assert.True(await _cluster.Verdicts.WriteAsync(approval, Verdict(approval, Reasons.NotAllowed), CancellationToken.None));
        Assert.False(await _cluster.Verdicts.WriteAsync(approval, Verdict(approval, Reasons.TooLate), CancellationToken.None));
        Assert.Equal(Reasons.NotAllowed, (await _cluster.VerdictAsync(approval))!.Reason);
    }

    private static ApprovalVerdict Verdict(ApprovalResource approval, string reason) => new(approval.Metadata.Name, approval.Metadata.Uid, false, reason, "because");

    /// <summary>What becomes of it some time after it was made.</summary>
    private async Task<ReconcileResult> JudgeAsync(ApprovalResource approval, TimeSpan after)
    {
        var orphans = new OrphanApprovals(_cluster.Client, _cluster.Cache, _cluster.Verdicts, new At(approval.Metadata.CreationTimestamp!.Value + after));
        return await orphans.ReconcileAsync(new ObjectKey(_cluster.Namespace, approval.Spec.TaskRef.Name), CancellationToken.None);
    }

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
