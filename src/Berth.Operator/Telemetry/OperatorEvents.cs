using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Telemetry;

/// <summary>Kubernetes Events: the same reasons as in conditions, logs and metrics.</summary>
internal sealed class OperatorEvents(EventRecorder recorder)
{
    /// <summary>A task moved.</summary>
    public void TaskMoved(TaskResource task, AppliedTransition transition)
    {
        var regarding = BerthResources.Tasks.ReferenceTo(task);
        if (IsWarning(transition)) recorder.Warning(regarding, transition.Reason, transition.Row.Signal.ToString(), transition.Message);
        else recorder.Normal(regarding, transition.Reason, transition.Row.Signal.ToString(), transition.Message);
    }

    /// <summary>A task began to wait for something that needs a person.</summary>
    public void TaskWaits(TaskResource task, string reason, string message) => recorder.Warning(BerthResources.Tasks.ReferenceTo(task), reason, "Waiting", message);

    /// <summary>Something about a task's checkpoints.</summary>
    public void Checkpoint(TaskResource task, string reason, string message, bool warning)
    {
        if (warning) recorder.Warning(BerthResources.Tasks.ReferenceTo(task), reason, "Checkpoint", message);
        else recorder.Normal(BerthResources.Tasks.ReferenceTo(task), reason, "Checkpoint", message);
    }

    /// <summary>The condition of a pool changed.</summary>
    public void PoolChanged(AgentPoolResource pool, AgentPoolStatus now)
    {
        var (before, after) = (pool.Status.Conditions.FirstOrDefault(c => c.Type == "Ready"), now.Conditions.FirstOrDefault(c => c.Type == "Ready"));
        if (after is null || (before?.Status == after.Status && before.Reason == after.Reason)) return;
        var regarding = BerthResources.Pools.ReferenceTo(pool);
        if (after.Status == ConditionStatus.True) recorder.Normal(regarding, after.Reason, "Ready", after.Message ?? "");
        // Pods that start are no trouble.
        else if (after.Reason == Reasons.PodsStarting) recorder.Normal(regarding, after.Reason, "NotReady", after.Message ?? "");
        else recorder.Warning(regarding, after.Reason, "NotReady", after.Message ?? "");
    }

    /// <summary>Something about a pool needs a person.</summary>
    public void PoolWarning(AgentPoolResource pool, string reason, string message) => recorder.Warning(BerthResources.Pools.ReferenceTo(pool), reason, "CreatePod", message);

    /// <summary>Somebody else set the number of pods of a pool that demand sets.</summary>
    public void PoolScaledByHand(AgentPoolResource pool, int theirs, int ours) => recorder.Warning(
        BerthResources.Pools.ReferenceTo(pool), Reasons.ScaledByHand, "Scale",
        $"spec.replicas was set to {theirs} and is {ours} again: spec.autoscaling sets it, between {pool.Spec.Autoscaling?.MinReplicas} and {pool.Spec.Autoscaling?.MaxReplicas}; change those, or take spec.autoscaling out to scale by hand");

    private static bool IsWarning(AppliedTransition transition) =>
        transition.Row.To is TaskPhase.Failed or TaskPhase.DeadLettered or TaskPhase.ApplyLost or TaskPhase.Expired
        || transition.Row.Signal is TaskSignal.CommandFailed or TaskSignal.PlanLost or TaskSignal.ReservationLost or TaskSignal.ReservationReset or TaskSignal.InputsChanged or TaskSignal.AttemptRefused or TaskSignal.ApprovalRevoked;
}
