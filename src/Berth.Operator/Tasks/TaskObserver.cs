using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Approvals;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Placement;
using Berth.Operator.Pools;

namespace Berth.Operator.Tasks;

/// <summary>Gathers what the decider reads. Caches only, but for what must be read live: inputs before a start, and the Approval before an apply.</summary>
internal sealed class TaskObserver(
    KubernetesClient client, ClusterCache cache, PodReader pods, AgentRegistry agents, PlacementLoop placement, PoolStates pools, WorkHolds holds,
    InputsResolver inputs, ApprovalProver prover, HistoryWriter history, HistoryCondition condition, HistorySpill spill, PlanStore plans, LossMeter losses, CheckpointReports checkpoints, TimeProvider time)
{
    /// <summary>Observes one task.</summary>
    public async Task<TaskObserved> ObserveAsync(TaskResource task, Term term, CancellationToken cancellationToken)
    {
        var (ns, status) = (task.Metadata.Namespace, task.Status);
        var pool = cache.Pools.Store.Get(new ObjectKey(ns, task.Spec.PoolRef.Name));
        var (podName, podUid) = status.Slot is { } slot ? (slot.Pod, slot.PodUid) : (status.Attempt?.Pod, status.Attempt?.PodUid);
        var facts = podUid is { Length: > 0 } ? agents.Facts(podUid) : null;
        var offer = placement.OfferFor(task.Metadata.Uid);
        var seen = new TaskObserved
        {
            Task = task,
            Now = time.GetUtcNow(),
            Jitter = Random.Shared.NextDouble(),
            Leader = term.Facts,
            Pool = pool is null ? null : new PoolFacts { Spec = pool.Spec, Fault = pools.FaultOf(pool) },
            Pod = podUid is { Length: > 0 } ? pods.Read(podName!, podUid) : null,
            Agent = facts,
            Offer = offer,
            AskedAt = placement.AskedAt(task),
            Wait = placement.WaitOf(task),
            Displaced = placement.IsDisplaced(task),
            WorkspaceTakenBy = IsOfAnEarlierLeader(task, term) ? placement.HolderBeside(task) : null,
            SupersededBy = placement.SupersededBy(task),
            Hold = pool is null ? null : holds.Of(pool),
            CheckpointSaved = checkpoints.SavedOf(task.Metadata.Uid),
            Acknowledged = history.AcknowledgedOf(task.Metadata.Uid),
            PlanStored = PlanStored(status, facts),
            HistoryTrouble = condition.Trouble?.Reason.ToString(),
            Spilled = task.Metadata.DeletionTimestamp is null ? 0 : spill.SpilledOf(task.Metadata.Uid),
            Approvals = Approvals(task),
            Proof = prover.ProofOf(ns!),
            MassLoss = podUid is { Length: > 0 } && losses.IsMassLoss(podUid, status.Slot?.Node ?? status.Attempt?.Node),
        };
        if (status.Phase == TaskPhase.ApplyPending) seen = await LiveAsync(seen, cancellationToken);
        return seen with { Inputs = await InputsAsync(seen, cancellationToken) };
    }

    /// <summary>Whether the plan that the status shows, or that the agent has just reported, is in the database.</summary>
    private bool? PlanStored(Api.TaskStatus status, AgentFacts? agent) => status switch
    {
        { Plan: { Stored: false } shown } => plans.IsStored(shown.Attempt, shown),
        { Phase: TaskPhase.ApplyPending, Plan: { } shown } => plans.IsLost(shown.Attempt) ? false : null,
        { Phase: TaskPhase.Planning, Attempt: { EndedAt: null } attempt } when agent?.Attempts.GetValueOrDefault(attempt.Id)?.End?.Plan is { } made => plans.IsStored(attempt.Id, made),
        _ => null,
    };

    private IReadOnlyList<ApprovalResource> Approvals(TaskResource task) =>
        cache.Approvals.Store.CountByIndex(ClusterCache.ByTask, $"{task.Metadata.Namespace}/{task.Metadata.Name}") == 0
            ? []
            : cache.Approvals.Store.ByIndex(ClusterCache.ByTask, $"{task.Metadata.Namespace}/{task.Metadata.Name}");

    /// <summary>Reads the Approvals that count now live: one that was deleted a moment ago grants nothing.</summary>
    private async Task<TaskObserved> LiveAsync(TaskObserved seen, CancellationToken cancellationToken)
    {
        var grant = seen.Task.Status.Grant;
        var ready = grant is not null && seen.Task.Status.Slot is { Warm: true };
        var approvals = new List<ApprovalResource>();
        bool? there = null;
        foreach (var approval in seen.Approvals)
        {
            var live = !approval.HasVerdict() || (ready && approval.Metadata.Uid == grant!.ApprovalUid) ? await ReadAsync(approval.Metadata.Key(), approval.Metadata.Uid, cancellationToken) : approval;
            if (live is null) continue;
            approvals.Add(live);
            if (!approval.HasVerdict() && live.Spec.Decision == ApprovalDecision.Approve) there = true;
        }
        if (grant?.ApprovalUid is { Length: > 0 } uid)
        {
            // Where nothing can be applied yet, only an Approval that is missing here is asked for: who looks sees at once that it was deleted.
            if (ready) there = approvals.Any(a => a.Metadata.Uid == uid);
            else if (approvals.All(a => a.Metadata.Uid != uid)) there = await ReadAsync(new ObjectKey(seen.Task.Metadata.Namespace, grant.Approval!), uid, cancellationToken) is not null;
        }
        return seen with { Approvals = approvals, GrantStillThere = there };
    }

    private async Task<ApprovalResource?> ReadAsync(ObjectKey approval, string uid, CancellationToken cancellationToken)
    {
        var live = await client.TryGetAsync(BerthResources.Approvals, approval, cancellationToken);
        return live?.Metadata.Uid == uid && live.Metadata.DeletionTimestamp is null ? live : null;
    }

    /// <summary>Inputs are read where something could be ordered in this pass: a new attempt or a restore with an offer, or an apply on a warm slot.</summary>
    private async Task<InputsFacts?> InputsAsync(TaskObserved seen, CancellationToken cancellationToken)
    {
        var status = seen.Task.Status;
        var (podUid, index, kind) = status switch
        {
            { Phase: TaskPhase.Pending } when seen.Offer is { } offer => (offer.PodUid, offer.Index, seen.Task.Spec.Type == TaskType.Run ? AttemptKind.Run : AttemptKind.Plan),
            { Phase: TaskPhase.ApplyPending, Slot: null } when seen.Offer is { } again => (again.PodUid, again.Index, AttemptKind.Restore),
            { Phase: TaskPhase.ApplyPending, Slot: { Warm: true } slot } when MayApply(seen) => (slot.PodUid, slot.Index, AttemptKind.Apply),
            _ => default,
        };
        if (podUid is null) return null;
        try
        {
            var resolved = await inputs.ResolveAsync(seen.Task, kind, podUid, index, cancellationToken);
            // Only whether they can be read counts here; their values are read again for the agent alone.
            if (InputsResolver.NamesSecrets(seen.Task.Spec, kind)) await inputs.SecretsAsync(seen.Task, kind, cancellationToken);
            return new InputsFacts(resolved.Snapshot, null);
        }
        catch (InputsException e)
        {
            return new InputsFacts(null, e.Fault);
        }
    }

    private static bool IsOfAnEarlierLeader(TaskResource task, Term term) =>
        task.Spec.Type != TaskType.Plan && task.Status is { Phase: TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running, Attempt: { EndedAt: null } attempt } && attempt.Epoch != term.Epoch;

    private static bool MayApply(TaskObserved seen) =>
        seen.Task.Status.Grant is not null || seen.GrantStillThere == true || seen.Task.Spec.Approval?.Mode == ApprovalMode.Auto;
}
