using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Tasks;
using Berth.History;
using Berth.Operator.Cluster;

namespace Berth.Operator.History;

/// <summary>
/// A database that was restored, failed over or replaced may lack what it once acknowledged. At the beginning of a term and after each
/// outage it is compared with the tasks; where it is behind, everything that a task's status still holds is written again, and what
/// nobody holds any more is recorded as lost.
/// </summary>
internal sealed class HistoryCatchUp(HistoryStore store, ClusterCache cache, HistoryWriter writer, PlanStore plans, HistoryCondition condition, TimeProvider time, ILogger<HistoryCatchUp> log)
{
    private const int Batch = 5_000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wasAway = false;
        void Changed() => Volatile.Write(ref wasAway, true);
        condition.Changed += Changed;
        try
        {
            while (true)
            {
                while (!await CompareAsync(cancellationToken)) await Task.Delay(TryAgain, time, cancellationToken);
                // However often it changed meanwhile, one comparison tells all. Other uses may be ill for longer; they do not matter here.
                while (!Volatile.Read(ref wasAway) || condition.Trouble is { Use: HistoryUse.Probe or HistoryUse.Migration }) await Task.Delay(LookEvery, time, cancellationToken);
                Volatile.Write(ref wasAway, false);
            }
        }
        finally
        {
            condition.Changed -= Changed;
        }
    }

    /// <summary>
    /// What the database once said it has. A task that waits has no reason to write it into its status: then only memory knows. One that was let
    /// go had everything there.
    /// </summary>
    private long Told(KeptTask task) =>
        task.IsQuiet || task.Task.IsAtRest() ? task.HistorySeq : Math.Max(task.Task.Status.History.Acknowledged, writer.AcknowledgedOf(task.Identity.Uid!));

    /// <summary>A plan that waits for its apply survives its pod only as long as the database has it.</summary>
    private async Task LookForPlansAsync(CancellationToken cancellationToken)
    {
        foreach (var waiting in cache.Tasks.NotQuiet().Where(t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: true }).Chunk(Batch))
        {
            var there = await store.HasArtifactsAsync([.. waiting.SelectMany(t => PlanUploads.DigestsOf(t.Status.Plan!)).Distinct(StringComparer.Ordinal)], cancellationToken);
            foreach (var task in waiting.Where(t => !PlanUploads.DigestsOf(t.Status.Plan!).All(there.Contains)))
            {
                log.LogWarning("Task {Namespace}/{Task} waits with a plan that the database has lost; it is on its slot alone now", task.Metadata.Namespace, task.Metadata.Name);
                plans.Lost(task.Metadata.Key(), task.Status.Plan!.Attempt);
            }
        }
    }

    private async Task<bool> CompareAsync(CancellationToken cancellationToken)
    {
        try
        {
            var behind = 0;
            foreach (var tasks in cache.Tasks.Kept().Where(t => Told(t) > 0).Chunk(Batch))
            {
                var known = await store.GetAcknowledgedAsync([.. tasks.Select(t => t.Identity.Uid!)], cancellationToken);
                foreach (var task in tasks.Where(t => known.GetValueOrDefault(t.Identity.Uid!) < Told(t)))
                {
                    writer.Enqueue(task.Identity.Key);
                    behind++;
                }
            }
            await LookForPlansAsync(cancellationToken);
            foreach (var approval in cache.Approvals.Store.List().Where(a => a.HasVerdict())) writer.Note(approval);
            if (behind > 0) log.LogWarning("The database lacks history that it had acknowledged for {Count} tasks: it was restored, failed over or replaced. What the tasks still hold is written again", behind);
            return true;
        }
        catch (HistoryUnavailableException e)
        {
            log.LogDebug("The database cannot be compared with the tasks now: {Message}", e.Message);
            return false;
        }
    }
}
