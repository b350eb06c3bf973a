using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>Evictions ask the PodDisruptionBudget first. Its status, kept by the disruption controller, says how many may go.</summary>
internal static class Evictions
{
    private const int Attempts = 20;

    public static async Task Check(Cluster cluster, JsonObject pod, Target target)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var resource = cluster.Registry.Get("policy", "poddisruptionbudgets");
            var budgets = resource.Store.Current.Where(b => b.Namespace == target.Namespace)
                .Select(b => (Stored: b, Object: b.Parse()))
                .Where(b => b.Object.Object("spec", "selector") is { } s && LabelSelector.From(s).Matches(pod.Object("metadata", "labels"))).ToList();
            if (budgets.Count == 0) return;
            if (budgets.Count > 1) throw StatusException.Internal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
            if (Take(cluster, resource.Store, budgets[0].Stored, budgets[0].Object, target)) return;
            await Task.Yield();
        }
        throw TooMany("the budget is changing too fast");
    }

    // One disruption is taken off the budget together with the note of whom it was for.
    private static bool Take(Cluster cluster, ResourceStore store, StoredObject stored, JsonObject budget, Target target)
    {
        var status = budget.Ensure("status");
        if ((status.Number("observedGeneration") ?? 0) < (budget.Number("metadata", "generation") ?? 0))
            throw TooMany("", retryAfter: 10);
        var allowed = status.Number("disruptionsAllowed") ?? 0;
        if (allowed <= 0)
            throw TooMany($"The disruption budget {budget.Name()} needs {status.Number("desiredHealthy") ?? 0} healthy pods and has {status.Number("currentHealthy") ?? 0} currently");
        status["disruptionsAllowed"] = allowed - 1;
        status.Ensure("disruptedPods")[target.Name] = cluster.Now();
        return cluster.Store.Replace(store, stored, new ObjectDraft(budget)) is not null;
    }

    private static StatusException TooMany(string cause, int? retryAfter = null)
    {
        var details = StatusException.Detail("", "", "");
        if (cause.Length > 0) details["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = cause });
        if (retryAfter is { } seconds) details["retryAfterSeconds"] = seconds;
        return new StatusException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", details, retryAfter);
    }
}
