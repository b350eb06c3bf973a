using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Approvals;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Tasks;

/// <summary>Writes the one verdict on each Approval, and makes the task its owner.</summary>
internal sealed class VerdictWriter(KubernetesClient client, HistoryWriter history, VerbAudit audit, OperatorMetrics metrics, TimeProvider time, ILogger<VerdictWriter> log)
{
    /// <summary>
    /// Writes verdicts; one that is there already stays. A verdict is final: where no write of this pass has shown that the task is as it was seen,
    /// <paramref name="unproved"/> asks the Lease first. A leader that was paused and has been replaced may know less than the next.
    /// </summary>
    public async Task WriteAsync(TaskResource task, IReadOnlyList<ApprovalResource> approvals, IReadOnlyList<ApprovalVerdict> verdicts, Term? unproved, CancellationToken cancellationToken)
    {
        if (verdicts.Count == 0 || (unproved is not null && !await unproved.ConfirmAsync(cancellationToken))) return;
        foreach (var verdict in verdicts)
            if (approvals.FirstOrDefault(a => a.Metadata.Uid == verdict.Uid) is { } approval && await WriteAsync(approval, verdict, cancellationToken)
                && approval.Spec.TaskRef.Uid == task.Metadata.Uid && approval.Metadata.OwnerReferences?.Any(o => o.Uid == task.Metadata.Uid) != true) await OwnAsync(task, approval.Metadata.Key(), cancellationToken);
    }

    /// <summary>Writes one verdict; false if the Approval is gone or was changed meanwhile.</summary>
    public async Task<bool> WriteAsync(ApprovalResource approval, ApprovalVerdict verdict, CancellationToken cancellationToken)
    {
        var key = approval.Metadata.Key();
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = approval.Metadata.Uid, ["resourceVersion"] = approval.Metadata.ResourceVersion },
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = "Accepted",
                    ["status"] = verdict.Accepted ? "True" : "False",
                    ["reason"] = verdict.Reason,
                    ["message"] = verdict.Message,
                    ["observedGeneration"] = approval.Metadata.Generation,
                    ["lastTransitionTime"] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
                }),
            },
        };
        try
        {
            await client.PatchAsync(BerthResources.Approvals, key, Patch.Merge(body), "status", cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or changed meanwhile: the next pass judges what is there then.
            return false;
        }
        metrics.Verdict(verdict.Reason);
        log.LogInformation("Approval {Namespace}/{Approval} of task {Task} by {Approver}: {Reason}: {Message}", key.Namespace, key.Name, approval.Spec.TaskRef.Name, approval.Spec.Approver, verdict.Reason, verdict.Message);
        Record(approval, verdict);
        return true;
    }

    private void Record(ApprovalResource approval, ApprovalVerdict verdict)
    {
        history.Note(approval with
        {
            Status = new ApprovalStatus
            {
                Conditions = [new Api.Condition { Type = "Accepted", Status = verdict.Accepted ? ConditionStatus.True : ConditionStatus.False, Reason = verdict.Reason, Message = verdict.Message, LastTransitionTime = time.GetUtcNow() }],
            },
        });
        audit.Judged(approval, verdict);
    }

    private async Task OwnAsync(TaskResource task, ObjectKey approval, CancellationToken cancellationToken)
    {
        var owner = new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = "Task", ["name"] = task.Metadata.Name, ["uid"] = task.Metadata.Uid };
        try
        {
            await client.PatchAsync(BerthResources.Approvals, approval, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["ownerReferences"] = new JsonArray(owner) } }), cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            // Deleted right after its verdict; nothing is left to own.
        }
    }
}
