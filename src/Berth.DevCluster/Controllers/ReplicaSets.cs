using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Keeps as many pods as a ReplicaSet asks for.</summary>
internal sealed class ReplicaSets(ControllerContext context) : Controller(context)
{
    private const int Burst = 500;

    public override string Name => "replicaset";

    public override void Attach(Informers informers)
    {
        informers.Subscribe("apis/apps/v1/replicasets", (_, now) =>
        {
            if (now is not null)
            {
                Enqueue(now.Key());
            }
        });
        informers.Subscribe("api/v1/pods", (old, now) => EnqueueOwner(now ?? old, "ReplicaSet"));
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        string url = $"apis/apps/v1/namespaces/{ns}/replicasets/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } set)
        {
            return;
        }

        List<JsonObject> pods = await OwnedPods.ListAsync(Api, set, "api/v1/namespaces/{ns}/pods", Cancel);
        List<JsonObject> active = [.. pods.Where(OwnedPods.IsActive)];
        long wanted = set.Number("spec", "replicas") ?? 1;
        string? failure = null;
        if (!set.IsDeleting())
        {
            failure = await ScaleAsync(set, active, (int)wanted);
        }

        await ReportAsync(url, set, active, pods.Count(static pod => pod.IsDeleting()), failure);
        if (failure is not null)
        {
            EnqueueAfter(key, TimeSpan.FromSeconds(1));
        }
    }

    private async Task<string?> ScaleAsync(JsonObject set, List<JsonObject> active, int wanted)
    {
        string pods = $"api/v1/namespaces/{set.Namespace()}/pods";
        for (int missing = Math.Min(wanted - active.Count, Burst); missing > 0; missing--)
        {
            try
            {
                JsonObject pod = await Api.CreateAsync(pods, OwnedPods.Make(set, "apps/v1", "ReplicaSet", set.At("spec", "template")!), Cancel);
                active.Add(pod);
                Tell(set, "Normal", "SuccessfulCreate", $"Created pod: {pod.Name()}");
            }
            catch (ApiException refused) when (!refused.IsNotFound)
            {
                Tell(set, "Warning", "FailedCreate", $"Error creating: {refused.Detail}");
                return refused.Detail;
            }
        }

        foreach (JsonObject victim in OwnedPods.ByLoss(active).Take(Math.Max(0, active.Count - wanted)).ToList())
        {
            await DeleteAsync($"{pods}/{victim.Name()}", victim);
            active.Remove(victim);
            Tell(set, "Normal", "SuccessfulDelete", $"Deleted pod: {victim.Name()}");
        }

        return null;
    }

    private async Task ReportAsync(string url, JsonObject set, List<JsonObject> active, int terminating, string? failure)
    {
        long settle = set.Number("spec", "minReadySeconds") ?? 0;
        int ready = active.Count(OwnedPods.IsReady), available = active.Count(pod => OwnedPods.IsAvailable(pod, settle));
        var status = new JsonObject
        {
            ["replicas"] = active.Count,
            ["fullyLabeledReplicas"] = active.Count(pod => set.Map("spec", "template", "metadata", "labels")
                .All(label => pod.Text("metadata", "labels", label.Key) == label.Value)),
            ["readyReplicas"] = ready,
            ["availableReplicas"] = available,
            ["terminatingReplicas"] = terminating,
            ["observedGeneration"] = set.Number("metadata", "generation"),
        };
        foreach (string zero in status.Where(static pair => pair.Key is not "replicas" and not "observedGeneration" && pair.Value.Number() == 0)
            .Select(static pair => pair.Key).ToList())
        {
            status.Remove(zero);
        }

        if (failure is not null)
        {
            status["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "ReplicaFailure",
                ["status"] = "True",
                ["reason"] = "FailedCreate",
                ["message"] = failure,
                ["lastTransitionTime"] = set.Condition("ReplicaFailure").Text("lastTransitionTime") ?? Fields.Stamp(DateTimeOffset.UtcNow),
            });
        }

        await WriteStatusAsync(url, set, status);
        if (available < ready)
        {
            EnqueueAfter(set.Key(), TimeSpan.FromSeconds(1));
        }
    }

    private void Tell(JsonObject set, string type, string reason, string message) => Context.Events.Write(
        new JsonObject
        {
            ["kind"] = "ReplicaSet",
            ["apiVersion"] = "apps/v1",
            ["namespace"] = set.Namespace(),
            ["name"] = set.Name(),
            ["uid"] = set.Uid(),
        }, set.Namespace(), type, reason, message, "replicaset-controller", null);
}
