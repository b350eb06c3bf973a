using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Keeps the numbered pods of a StatefulSet, in order unless it is Parallel, with their volume claims.</summary>
internal sealed class StatefulSets(ControllerContext context) : Controller(context)
{
    private const string RevisionLabel = "controller-revision-hash";

    public override string Name => "statefulset";

    public override void Attach(Informers informers)
    {
        informers.Subscribe("apis/apps/v1/statefulsets", (_, now) =>
        {
            if (now is not null)
            {
                Enqueue(now.Key());
            }
        });
        informers.Subscribe("api/v1/pods", (old, now) => EnqueueOwner(now ?? old, "StatefulSet"));
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        string url = $"apis/apps/v1/namespaces/{ns}/statefulsets/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } set)
        {
            return;
        }

        string revision = $"{name}-{Rollout.Hash(set.At("spec", "template")!)}";
        List<JsonObject> pods = await OwnedPods.ListAsync(Api, set, "api/v1/namespaces/{ns}/pods", Cancel);
        Dictionary<int, JsonObject> numbered = pods.Where(pod => Ordinal(pod) >= 0).ToDictionary(Ordinal);
        int wanted = (int)(set.Number("spec", "replicas") ?? 1);
        if (!set.IsDeleting() && await ProvideAsync(set, numbered, wanted, revision) && await ShrinkAsync(set, numbered, wanted))
        {
            await UpdateAsync(set, numbered, revision);
        }

        await ReportAsync(url, set, [.. numbered.Values], wanted, revision);
    }

    private static int Ordinal(JsonObject pod) =>
        int.TryParse(pod.Name()[(pod.Name().LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    /// <summary>Makes missing pods; false while one has to be waited for.</summary>
    private async Task<bool> ProvideAsync(JsonObject set, Dictionary<int, JsonObject> numbered, int wanted, string revision)
    {
        bool ordered = set.Text("spec", "podManagementPolicy") != "Parallel";
        string pods = $"api/v1/namespaces/{set.Namespace()}/pods";
        for (int ordinal = 0; ordinal < wanted; ordinal++)
        {
            if (!numbered.TryGetValue(ordinal, out JsonObject? pod))
            {
                await ClaimAsync(set, ordinal);
                pod = numbered[ordinal] = await Api.CreateAsync(pods, Make(set, ordinal, revision), Cancel);
            }
            else if (pod.Text("status", "phase") is "Failed" or "Succeeded" && !pod.IsDeleting())
            {
                await DeleteAsync($"{pods}/{pod.Name()}", pod);
            }

            if (ordered && (!OwnedPods.IsReady(pod) || pod.IsDeleting()))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> ShrinkAsync(JsonObject set, Dictionary<int, JsonObject> numbered, int wanted)
    {
        foreach (var (_, pod) in numbered.Where(pair => pair.Key >= wanted).OrderByDescending(static pair => pair.Key))
        {
            if (!pod.IsDeleting())
            {
                await DeleteAsync($"api/v1/namespaces/{set.Namespace()}/pods/{pod.Name()}", pod);
            }

            if (set.Text("spec", "podManagementPolicy") != "Parallel")
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Replaces pods of an older template one at a time, from the highest number down to the partition.</summary>
    private async Task UpdateAsync(JsonObject set, Dictionary<int, JsonObject> numbered, string revision)
    {
        if (set.Text("spec", "updateStrategy", "type") == "OnDelete" || numbered.Values.Any(static pod => pod.IsDeleting() || !OwnedPods.IsReady(pod)))
        {
            return;
        }

        long partition = set.Number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        JsonObject? old = numbered.Where(pair => pair.Key >= partition && pair.Value.Text("metadata", "labels", RevisionLabel) != revision)
            .OrderByDescending(static pair => pair.Key).Select(static pair => pair.Value).FirstOrDefault();
        if (old is not null)
        {
            await DeleteAsync($"api/v1/namespaces/{set.Namespace()}/pods/{old.Name()}", old);
        }
    }

    private static JsonObject Make(JsonObject set, int ordinal, string revision)
    {
        JsonObject pod = OwnedPods.Make(set, "apps/v1", "StatefulSet", set.At("spec", "template")!);
        JsonObject metadata = (JsonObject)pod["metadata"]!;
        string number = ordinal.ToString(CultureInfo.InvariantCulture);
        metadata.Remove("generateName");
        metadata["name"] = $"{set.Name()}-{number}";
        JsonObject labels = (JsonObject)(metadata["labels"] ??= new JsonObject());
        labels["statefulset.kubernetes.io/pod-name"] = $"{set.Name()}-{number}";
        labels["apps.kubernetes.io/pod-index"] = number;
        labels[RevisionLabel] = revision;
        JsonObject spec = (JsonObject)pod["spec"]!;
        spec["hostname"] = $"{set.Name()}-{number}";
        if (set.Text("spec", "serviceName") is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        foreach (JsonNode claim in set.Items("spec", "volumeClaimTemplates"))
        {
            ((JsonArray)(spec["volumes"] ??= new JsonArray())).Add(new JsonObject
            {
                ["name"] = claim.Name(),
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = $"{claim.Name()}-{set.Name()}-{number}" },
            });
        }

        return pod;
    }

    private async Task ClaimAsync(JsonObject set, int ordinal)
    {
        foreach (JsonNode template in set.Items("spec", "volumeClaimTemplates"))
        {
            JsonObject claim = (JsonObject)template.DeepClone();
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            claim.Remove("status");
            claim["metadata"]!["name"] = $"{template.Name()}-{set.Name()}-{ordinal}";
            try
            {
                await Api.CreateAsync($"api/v1/namespaces/{set.Namespace()}/persistentvolumeclaims", claim, Cancel);
            }
            catch (ApiException there) when (there.IsAlreadyExists)
            {
                // Claims outlive their pods.
            }
        }
    }

    private async Task ReportAsync(string url, JsonObject set, List<JsonObject> pods, int wanted, string revision)
    {
        List<JsonObject> ready = [.. pods.Where(static pod => OwnedPods.IsReady(pod) && !pod.IsDeleting())];
        int updated = pods.Count(pod => pod.Text("metadata", "labels", RevisionLabel) == revision);
        string current = updated == pods.Count && ready.Count == wanted ? revision : set.Text("status", "currentRevision") ?? revision;
        var status = new JsonObject
        {
            ["observedGeneration"] = set.Number("metadata", "generation"),
            ["replicas"] = pods.Count,
            ["readyReplicas"] = ready.Count,
            ["availableReplicas"] = ready.Count,
            ["currentReplicas"] = pods.Count(pod => pod.Text("metadata", "labels", RevisionLabel) == current),
            ["updatedReplicas"] = updated,
            ["currentRevision"] = current,
            ["updateRevision"] = revision,
            ["collisionCount"] = 0,
        };
        await WriteStatusAsync(url, set, status);
    }
}
