using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>What a Deployment's status says about its ReplicaSets.</summary>
internal static class DeploymentStatus
{
    public static JsonObject Make(JsonObject deployment, List<JsonObject> sets, JsonObject? current)
    {
        long wanted = deployment.Number("spec", "replicas") ?? 1;
        long total = Sum(sets, "replicas"), ready = Sum(sets, "readyReplicas"), available = Sum(sets, "availableReplicas");
        long updated = current.Number("status", "replicas") ?? 0;
        var status = new JsonObject { ["observedGeneration"] = deployment.Number("metadata", "generation") };
        Put(status, "replicas", total);
        Put(status, "updatedReplicas", updated);
        Put(status, "readyReplicas", ready);
        Put(status, "availableReplicas", available);
        Put(status, "unavailableReplicas", Math.Max(0, Math.Max(wanted, total) - available));
        Put(status, "terminatingReplicas", Sum(sets, "terminatingReplicas"));
        var (_, unavailable) = Rollout.Bounds(deployment, (int)wanted);
        bool enough = available >= wanted - unavailable;
        bool complete = updated == wanted && total == wanted && available == wanted;
        status["conditions"] = new JsonArray(
            Condition(deployment, "Available", enough, enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                $"Deployment {(enough ? "has" : "does not have")} minimum availability."),
            Progress(deployment, current, complete, updated));
        return status;
    }

    private static JsonObject Progress(JsonObject deployment, JsonObject? current, bool complete, long updated)
    {
        string name = current.Name();
        if (complete)
        {
            return Condition(deployment, "Progressing", true, "NewReplicaSetAvailable", $"ReplicaSet \"{name}\" has successfully progressed.");
        }

        JsonNode? old = deployment.Condition("Progressing");
        long deadline = deployment.Number("spec", "progressDeadlineSeconds") ?? 600;
        bool moved = updated != (deployment.Number("status", "updatedReplicas") ?? 0) || old is null || old.Text("reason") == "NewReplicaSetAvailable";
        if (!moved && DateTimeOffset.UtcNow - old.Time("lastUpdateTime") > TimeSpan.FromSeconds(deadline))
        {
            return Condition(deployment, "Progressing", false, "ProgressDeadlineExceeded", $"ReplicaSet \"{name}\" has timed out progressing.");
        }

        JsonObject condition = Condition(deployment, "Progressing", true, "ReplicaSetUpdated", $"ReplicaSet \"{name}\" is progressing.");
        if (moved)
        {
            condition["lastUpdateTime"] = Fields.Stamp(DateTimeOffset.UtcNow);
        }

        return condition;
    }

    private static JsonObject Condition(JsonObject deployment, string type, bool value, string reason, string message)
    {
        string status = value ? "True" : "False", now = Fields.Stamp(DateTimeOffset.UtcNow);
        JsonNode? old = deployment.Condition(type);
        bool same = old.Text("status") == status;
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastUpdateTime"] = same && old.Text("reason") == reason ? old.Text("lastUpdateTime") ?? now : now,
            ["lastTransitionTime"] = same ? old.Text("lastTransitionTime") ?? now : now,
        };
    }

    private static long Sum(List<JsonObject> sets, string field) => sets.Sum(set => set.Number("status", field) ?? 0);

    private static void Put(JsonObject status, string field, long value)
    {
        if (value != 0)
        {
            status[field] = value;
        }
    }
}
