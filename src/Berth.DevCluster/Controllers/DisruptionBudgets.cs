using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Says how many pods of a PodDisruptionBudget may be evicted now; the eviction subresource believes it.</summary>
internal sealed class DisruptionBudgets(ControllerContext context) : Controller(context)
{
    private static readonly TimeSpan EvictionTakes = TimeSpan.FromMinutes(2);

    private Reflector? _budgets;

    public override string Name => "disruption";

    public override void Attach(Informers informers)
    {
        _budgets = informers.Subscribe("apis/policy/v1/poddisruptionbudgets", (_, now) =>
        {
            if (now is not null)
            {
                Enqueue(now.Key());
            }
        });
        informers.Subscribe("api/v1/pods", (old, now) =>
        {
            JsonObject pod = (now ?? old)!;
            foreach (JsonObject budget in _budgets.All.Where(item => item.Namespace() == pod.Namespace() && Selectors.Matches(item.At("spec", "selector"), pod)))
            {
                Enqueue(budget.Key());
            }
        });
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        string url = $"apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } budget)
        {
            return;
        }

        string query = Uri.EscapeDataString(Selectors.Query(budget.At("spec", "selector")));
        List<JsonObject> pods = [.. (await Api.GetAsync($"api/v1/namespaces/{ns}/pods?labelSelector={query}", Cancel)).Items("items")
            .OfType<JsonObject>().Where(OwnedPods.IsActive)];
        JsonObject disrupted = Disrupted(budget, pods);
        int healthy = pods.Count(pod => OwnedPods.IsReady(pod) && !disrupted.ContainsKey(pod.Name()));
        var (expected, desired) = await DesiredAsync(budget, pods);
        long allowed = expected == 0 ? 0 : Math.Max(0, healthy - desired);
        string status = allowed > 0 ? "True" : "False";
        JsonNode? old = budget.Condition("DisruptionAllowed");
        var next = new JsonObject
        {
            ["observedGeneration"] = budget.Number("metadata", "generation"),
            ["disruptionsAllowed"] = allowed,
            ["currentHealthy"] = healthy,
            ["desiredHealthy"] = desired,
            ["expectedPods"] = expected,
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "DisruptionAllowed",
                ["status"] = status,
                ["message"] = "",
                ["reason"] = allowed > 0 ? "SufficientPods" : "InsufficientPods",
                ["observedGeneration"] = budget.Number("metadata", "generation"),
                ["lastTransitionTime"] = old.Text("status") == status ? old.Text("lastTransitionTime") : Fields.Stamp(DateTimeOffset.UtcNow),
            }),
        };
        if (disrupted.Count > 0)
        {
            next["disruptedPods"] = disrupted;
            EnqueueAfter(key, EvictionTakes);
        }

        await WriteStatusAsync(url, budget, next);
    }

    /// <summary>Pods whose eviction was granted and is not seen yet.</summary>
    private static JsonObject Disrupted(JsonObject budget, List<JsonObject> pods)
    {
        DateTimeOffset limit = DateTimeOffset.UtcNow - EvictionTakes;
        return new JsonObject(budget.Map("status", "disruptedPods")
            .Where(pair => pods.Exists(pod => pod.Name() == pair.Key) && budget.Time("status", "disruptedPods", pair.Key) > limit)
            .Select(static pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
    }

    private async Task<(int Expected, int Desired)> DesiredAsync(JsonObject budget, List<JsonObject> pods)
    {
        if (budget.Text("spec", "maxUnavailable") is { } most)
        {
            int expected = await ScaleAsync(budget.Namespace(), pods);
            return (expected, Math.Max(0, expected - Rollout.Share(most, expected, up: true)));
        }

        string least = budget.Text("spec", "minAvailable") ?? "1";
        if (!least.EndsWith('%'))
        {
            return (pods.Count, Rollout.Share(least, 0, up: true));
        }

        int scale = await ScaleAsync(budget.Namespace(), pods);
        return (scale, Rollout.Share(least, scale, up: true));
    }

    /// <summary>How many pods their owners want altogether, by the owners' scale subresources.</summary>
    private async Task<int> ScaleAsync(string ns, List<JsonObject> pods)
    {
        List<ServedResource> kinds = await Discovery.ReadAsync(Api, Cancel);
        var counted = new HashSet<string>();
        int sum = 0;
        foreach (JsonObject pod in pods)
        {
            JsonNode? owner = pod.ControllerOwner();
            if (owner.Text("kind") == "ReplicaSet" && await FindAsync(kinds, ns, owner, "") is { } set && set.ControllerOwner() is { } above)
            {
                owner = above;
            }

            if (owner is not null && counted.Add(owner.Text("uid") ?? "") && await FindAsync(kinds, ns, owner, "/scale") is { } scale)
            {
                sum += (int)(scale.Number("spec", "replicas") ?? 0);
            }
        }

        return sum;
    }

    private async Task<JsonObject?> FindAsync(List<ServedResource> kinds, string ns, JsonNode? owner, string subresource)
    {
        ServedResource? kind = kinds.Find(item => item.GroupVersion == owner.Text("apiVersion") && item.Kind == owner.Text("kind"));
        return kind is null ? null : await Api.FindAsync(kind.Url(ns, owner.Text("name") ?? "") + subresource, Cancel);
    }
}
