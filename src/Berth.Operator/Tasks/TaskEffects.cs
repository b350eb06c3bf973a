using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Protocol;

namespace Berth.Operator.Tasks;

/// <summary>Carries out actions. Each is idempotent; what is sent goes through the dispatcher, which asks the Lease first.</summary>
internal sealed class TaskEffects(KubernetesClient client, AgentRegistry agents, Dispatcher dispatcher, OrderFactory orders, HistoryWriter history, HistorySpill spill, PlanStore plans, ILogger<TaskEffects> log)
{
    /// <summary>Carries out all actions of a decision on the task as it is now written.</summary>
    public async Task ApplyAsync(TaskResource task, TaskDecision decision, Term term, CancellationToken cancellationToken)
    {
        foreach (var action in decision.Actions) await ApplyAsync(task, action, term, cancellationToken);
    }

    private async Task ApplyAsync(TaskResource task, TaskAction action, Term term, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case TaskAction.WriteHistory:
                history.Enqueue(task.Metadata.Key());
                break;
            case TaskAction.SendAttempt send:
                await SendAsync(task, send.Attempt, term, cancellationToken);
                break;
            case TaskAction.AcknowledgeAttempt ack:
                dispatcher.Send(term, ack.PodUid, new Ack { Epoch = term.Epoch, Attempt = ack.Attempt }, () => agents.Forget(ack.PodUid, ack.Attempt));
                break;
            case TaskAction.CancelAttempt cancel:
                dispatcher.Send(term, cancel.PodUid, new Cancel { Epoch = term.Epoch, Attempt = cancel.Attempt, Slot = cancel.Slot, Reason = cancel.Reason });
                break;
            case TaskAction.ReleaseSlot release:
                dispatcher.Send(term, release.PodUid, new Release { Epoch = term.Epoch, Slot = release.Slot, Directory = release.Directory }, () => agents.Occupy(release.PodUid, release.Slot, null, null, null));
                break;
            case TaskAction.CheckPlanStored check:
                plans.Check(task.Metadata.Key(), check);
                break;
            case TaskAction.SpillHistory:
                await spill.SaveAsync(task, cancellationToken);
                break;
            case TaskAction.DeleteTask:
                await DeleteAsync(task, cancellationToken);
                break;
        }
    }

    /// <summary>Deletes the task as it was decided on, and no later version of it: somebody may have raised its requeue in this moment.</summary>
    private async Task DeleteAsync(TaskResource task, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(BerthResources.Tasks, task.Metadata.Key(), new DeleteOptions { Uid = task.Metadata.Uid, ResourceVersion = task.Metadata.ResourceVersion }, cancellationToken);
        }
        catch (KubernetesException e) when (e.IsConflict || e.IsNotFound)
        {
            // Changed, or gone already: whatever changed it wakes the task, and it is decided on anew.
        }
    }

    private async Task SendAsync(TaskResource task, AttemptStatus attempt, Term term, CancellationToken cancellationToken)
    {
        Assign order;
        try
        {
            order = await orders.MakeAsync(task, attempt, cancellationToken);
        }
        catch (InputsException e)
        {
            // The agent never hears of this attempt: the same facts as a refusal, so the same way back.
            log.LogWarning("Attempt {Attempt} cannot be sent: {Reason}: {Message}", attempt.Id, e.Fault.Reason, e.Fault.Message);
            dispatcher.Refuse(term, attempt, e.Fault);
            return;
        }
        dispatcher.Send(term, attempt.PodUid, order, () => agents.Occupy(attempt.PodUid, attempt.Slot, attempt.Id, null, task.Metadata.Uid));
    }
}
