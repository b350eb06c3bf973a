using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Approvals;
using Berth.Operator.Cluster;
using Berth.Operator.Leadership;
using Berth.Operator.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Approvals;

/// <summary>Approvals whose task is gone, or never was; verdicts of a leader that is none any more; and what is over.</summary>
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_leader_that_is_none_any_more_writes_no_verdict(bool leads)
    {
        var task = await _cluster.TaskAsync("paused");
        var approval = await _cluster.ApproveAsync("paused", task.Metadata.Uid);
        var term = new Term("leader-a", 7, DateTimeOffset.UnixEpoch, _ => Task.FromResult(leads), CancellationToken.None);
        await _cluster.Verdicts.WriteAsync(task, [approval], [Verdict(approval, Reasons.NotWaiting)], term, CancellationToken.None);
        Assert.Equal(leads ? Reasons.NotWaiting : null, (await _cluster.VerdictAsync(approval))?.Reason);
    }

    [Fact]
    public async Task A_task_whose_time_is_over_is_deleted_as_it_was_decided_on_and_not_as_somebody_has_changed_it()
    {
        var effects = new TaskEffects(_cluster.Client, null!, null!, null!, null!, null!, null!, NullLogger<TaskEffects>.Instance);
        var decision = new TaskDecision { Status = new Api.TaskStatus(), Actions = [new TaskAction.DeleteTask()] };
        var over = await _cluster.TaskAsync("over");
        await _cluster.Client.PatchAsync(BerthResources.Tasks, over.Metadata.Key(), Patch.Merge(new System.Text.Json.Nodes.JsonObject { ["spec"] = new System.Text.Json.Nodes.JsonObject { ["requeue"] = 1 } }));
        await effects.ApplyAsync(over, decision, null!, CancellationToken.None);
        var there = await _cluster.Client.GetAsync(BerthResources.Tasks, over.Metadata.Key());
        Assert.Null(there.Metadata.DeletionTimestamp);
        await effects.ApplyAsync(there, decision, null!, CancellationToken.None);
        Assert.Null(await _cluster.Client.TryGetAsync(BerthResources.Tasks, over.Metadata.Key()));
        await effects.ApplyAsync(there, decision, null!, CancellationToken.None);
    }

    /// <summary>A dead letter blocks nothing, not even its workspace; nor does anything else that is over.</summary>
    [Fact]
    public async Task What_is_over_holds_no_workspace_and_what_is_lost_does()
    {
        var made = await _cluster.TaskAsync("holder");
        await ApprovalsOnCluster.UntilAsync(() => _cluster.Cache.Tasks.Get(made.Metadata.Key()) is not null, "the task is in the cache");
        var workspace = $"{_cluster.Namespace}/net";
        foreach (var phase in Enum.GetValues<TaskPhase>())
        {
            _cluster.Cache.Tasks.Read(made.Metadata.Key(), made.Metadata.Uid, made with { Status = made.Status with { Phase = phase } });
            Assert.Equal(phase.IsTerminal() ? 0 : 1, _cluster.Cache.Tasks.ByIndex(ClusterCache.ByWorkspace, workspace).Count);
        }
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
