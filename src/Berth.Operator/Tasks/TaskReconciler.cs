using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Approvals;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Placement;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Tasks;

/// <summary>Observe, decide, apply for one task: status first, then effects.</summary>
internal sealed class TaskReconciler(
    KubernetesClient client, ClusterCache cache, LeaderState leader, TaskObserver observer, TaskEffects effects, PlacementLoop placement,
    HistoryWriter history, HistorySpill spill, PlanStore plans, VerdictWriter verdicts, OrphanApprovals orphans, TaskReporter report, CheckpointReports checkpoints, WakeupWatch wakeups, TimeProvider time)
{
    private static readonly TimeSpan RestoreTakes = TimeSpan.FromMinutes(5);

    /// <summary>Reconciles one task.</summary>
    public async ValueTask<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (leader.Term is not { } term) return ReconcileResult.Done;
        var sweptOnly = wakeups.Begin(key);
        if (cache.Tasks.Get(key) is not { } task) return await orphans.ReconcileAsync(key, cancellationToken);
        if (IsBeingRestored(task, out var left)) return ReconcileResult.RequeueAfter(left);
        var seen = await observer.ObserveAsync(task, term, cancellationToken);
        var decision = TaskDecider.Decide(seen);
        var written = await WriteAsync(task, decision, cancellationToken);
        placement.Wish(written, decision.WantsSlot);
        if (!decision.WantsSlot) placement.Settle(written);
        report.Decided(task, written, decision);
        wakeups.Decided(key, decision, sweptOnly);
        if (written.IsAtRest()) wakeups.Forget(key);
        await verdicts.WriteAsync(written, seen.Approvals, decision.Verdicts, ReferenceEquals(decision.Status, task.Status) ? term : null, cancellationToken);
        await effects.ApplyAsync(written, decision, term, cancellationToken);
        checkpoints.Ensure(written, term);
        if (decision.Finalizer == false) await ReleaseAsync(written, cancellationToken);
        return decision.WakeAt is { } at ? ReconcileResult.RequeueAfter(Max(at - time.GetUtcNow(), TimeSpan.FromMilliseconds(1))) : ReconcileResult.Done;
    }

    /// <summary>Forgets what memory holds of a task that is gone.</summary>
    public void Forget(TaskResource task)
    {
        placement.Forget(task);
        history.Forget(task.Metadata.Uid);
        spill.Forget(task.Metadata.Uid);
        report.Forget(task.Metadata.Uid);
        wakeups.Forget(task.Metadata.Key());
        checkpoints.Forget(task.Metadata.Uid);
        if (task.Status.Plan is { } plan) plans.Forget(plan.Attempt);
    }

    /// <summary>A restore has made the task and not yet said how it had ended. One that broke off leaves a suspended task, which is then taken as such.</summary>
    private bool IsBeingRestored(TaskResource task, out TimeSpan left)
    {
        left = (task.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue) + RestoreTakes - time.GetUtcNow();
        return task.Status.QueuedAt is null && left > TimeSpan.Zero && task.Metadata.Annotations?.ContainsKey(Names.RestoringAnnotation) == true;
    }

    private async Task<TaskResource> WriteAsync(TaskResource task, TaskDecision decision, CancellationToken cancellationToken)
    {
        var current = task;
        if (decision.Finalizer == true) current = await PatchAsync(current, StatusPatch.Finalizer(current.Metadata, Names.TaskFinalizer, on: true), null, cancellationToken);
        if (!ReferenceEquals(decision.Status, task.Status)) current = await PatchAsync(current, StatusPatch.Of(current.Metadata.ResourceVersion, task.Status, decision.Status), "status", cancellationToken);
        return current;
    }

    /// <summary>Over, proved dead and written down: nothing of ours holds the object any longer.</summary>
    private async Task ReleaseAsync(TaskResource task, CancellationToken cancellationToken)
    {
        try
        {
            await PatchAsync(task, StatusPatch.Finalizer(task.Metadata, Names.TaskFinalizer, on: false), null, cancellationToken);
            // What the database has of it is not asked again.
            history.Forget(task.Metadata.Uid);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            cache.Tasks.Read(task.Metadata.Key(), task.Metadata.Uid, null);
        }
    }

    private async Task<TaskResource> PatchAsync(TaskResource task, Patch patch, string? subresource, CancellationToken cancellationToken)
    {
        var key = task.Metadata.Key();
        try
        {
            var written = await client.PatchAsync(BerthResources.Tasks, key, patch, subresource, cancellationToken: cancellationToken);
            if (written.Metadata.DeletionTimestamp is not null && written.Metadata.Finalizers is not { Count: > 0 }) cache.Tasks.Read(key, task.Metadata.Uid, null);
            else cache.Tasks.Wrote(written);
            return written;
        }
        catch (KubernetesException e) when (e.IsConflict || e.IsOutcomeUnknown || e.IsNotFound)
        {
            // The write may have happened, or somebody else's did: until a live read, what the task holds stays taken by its offer.
            cache.Tasks.Read(key, task.Metadata.Uid, await client.TryGetAsync(BerthResources.Tasks, key, cancellationToken));
            throw;
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
