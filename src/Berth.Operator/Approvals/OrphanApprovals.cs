using Berth.Api;
using Berth.Core.Approvals;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Tasks;

namespace Berth.Operator.Approvals;

/// <summary>
/// Approvals that name a task which does not exist. One that was created together with its task, or a moment before it, waits a little;
/// then it gets its one verdict like any other, so that nobody waits for it and no later task of that name finds it open.
/// </summary>
internal sealed class OrphanApprovals(KubernetesClient client, ClusterCache cache, VerdictWriter verdicts, TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Judges what is open for a task that the cache does not have.</summary>
    public async ValueTask<ReconcileResult> ReconcileAsync(ObjectKey task, CancellationToken cancellationToken)
    {
        var open = cache.Approvals.Store.ByIndex(ClusterCache.ByTask, task.ToString()).Where(a => !a.HasVerdict() && a.Metadata.DeletionTimestamp is null).ToList();
        if (open.Count == 0) return ReconcileResult.Done;
        var now = time.GetUtcNow();
        var due = open.Where(a => DueAt(a) <= now).ToList();
        if (due.Count > 0 && await client.TryGetAsync(BerthResources.Tasks, task, cancellationToken) is null)
            foreach (var approval in due) await verdicts.WriteAsync(approval, Verdict(approval, task), cancellationToken);
        return open.Except(due).Select(DueAt).DefaultIfEmpty().Min() is var next && next > now ? ReconcileResult.RequeueAfter(next - now) : ReconcileResult.Done;
    }

    private static DateTimeOffset DueAt(ApprovalResource approval) => (approval.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue) + Grace;

    private static ApprovalVerdict Verdict(ApprovalResource approval, ObjectKey task) =>
        new(approval.Metadata.Name, approval.Metadata.Uid, false, Reasons.NotAllowed, $"there is no task {task.Name} in namespace {task.Namespace} (kubectl get bt -n {task.Namespace}); create the Approval again for a task that is there");
}
