using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Rolls a Deployment's template out over ReplicaSets.</summary>
internal sealed class Deployments(ControllerContext context) : Controller(context)
{
    private const string Revision = "deployment.kubernetes.io/revision";

    public override string Name => "deployment";

    public override void Attach(Informers informers)
    {
        informers.Subscribe("apis/apps/v1/deployments", (_, now) =>
        {
            if (now is not null)
            {
                Enqueue(now.Key());
            }
        });
        informers.Subscribe("apis/apps/v1/replicasets", (old, now) => EnqueueOwner(now ?? old, "Deployment"));
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        string url = $"apis/apps/v1/namespaces/{ns}/deployments/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } deployment || deployment.IsDeleting())
        {
            return;
        }

        List<JsonObject> sets = await OwnedPods.ListAsync(Api, deployment, "apis/apps/v1/namespaces/{ns}/replicasets", Cancel);
        JsonObject? current = sets.Find(set => Rollout.Same(set.At("spec", "template"), deployment.At("spec", "template")));
        bool paused = deployment.Flag("spec", "paused");
        if (!paused)
        {
            bool fresh = current is null;
            current ??= await CreateAsync(deployment);
            if (fresh)
            {
                sets.Add(current);
            }

            deployment = await ReviseAsync(url, deployment, sets, current);
        }

        await ScaleAsync(deployment, sets, current, paused);
        await DeploymentStatus(url, deployment, sets, current);
        await ForgetOldAsync(deployment, sets, current);
    }

    private async Task<JsonObject> CreateAsync(JsonObject deployment)
    {
        JsonNode template = deployment.At("spec", "template")!.DeepClone();
        string hash = Rollout.Hash(template);
        Label(template, hash);
        JsonNode selector = deployment.At("spec", "selector")!.DeepClone();
        ((selector["matchLabels"] ??= new JsonObject()) as JsonObject)![Rollout.HashLabel] = hash;
        var set = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name()}-{hash}",
                ["namespace"] = deployment.Namespace(),
                ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["ownerReferences"] = new JsonArray(OwnedPods.Reference(deployment, "apps/v1", "Deployment")),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 0,
                ["selector"] = selector,
                ["template"] = template,
                ["minReadySeconds"] = deployment.Number("spec", "minReadySeconds") ?? 0,
            },
        };
        return await Api.CreateAsync($"apis/apps/v1/namespaces/{deployment.Namespace()}/replicasets", set, Cancel);
    }

    private static void Label(JsonNode template, string hash)
    {
        JsonObject metadata = (JsonObject)(template["metadata"] ??= new JsonObject());
        ((JsonObject)(metadata["labels"] ??= new JsonObject()))[Rollout.HashLabel] = hash;
    }

    /// <summary>The current set carries the highest revision, and the deployment says which that is.</summary>
    private async Task<JsonObject> ReviseAsync(string url, JsonObject deployment, List<JsonObject> sets, JsonObject current)
    {
        long highest = sets.Where(set => set.Uid() != current.Uid()).Select(Number).DefaultIfEmpty().Max();
        long revision = Number(current) > highest ? Number(current) : highest + 1;
        string text = revision.ToString(CultureInfo.InvariantCulture);
        JsonObject Patch() => new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Revision] = text } } };
        if (Number(current) != revision)
        {
            JsonObject revised = await Api.PatchAsync(SetUrl(current), ApiClient.MergePatch, Patch(), Cancel);
            sets[sets.IndexOf(current)] = revised;
        }

        return Number(deployment) == revision ? deployment : await Api.PatchAsync(url, ApiClient.MergePatch, Patch(), Cancel);

        static long Number(JsonObject item) => item.Number("metadata", "annotations", Revision) ?? 0;
    }

    private async Task ScaleAsync(JsonObject deployment, List<JsonObject> sets, JsonObject? current, bool paused)
    {
        int wanted = (int)(deployment.Number("spec", "replicas") ?? 1);
        List<JsonObject> old = [.. sets.Where(set => current is null || set.Uid() != current.Uid())];
        if (paused || current is null)
        {
            // Paused, only the number follows: that of the newest set.
            JsonObject? newest = current ?? sets.MaxBy(static set => set.Number("metadata", "annotations", Revision) ?? 0);
            if (newest is not null && old.All(static set => set.Number("spec", "replicas") == 0))
            {
                await ResizeAsync(deployment, newest, wanted);
            }

            return;
        }

        int oldWanted = old.Sum(static set => (int)(set.Number("spec", "replicas") ?? 0));
        int oldThere = old.Sum(static set => (int)(set.Number("status", "replicas") ?? 0));
        if (deployment.Text("spec", "strategy", "type") == "Recreate")
        {
            foreach (JsonObject set in old)
            {
                await ResizeAsync(deployment, set, 0);
            }

            await ResizeAsync(deployment, current, oldThere == 0 && oldWanted == 0 ? wanted : (int)(current.Number("spec", "replicas") ?? 0));
            return;
        }

        var (surge, unavailable) = Rollout.Bounds(deployment, wanted);
        int size = (int)(sets.Find(set => set.Uid() == current.Uid()).Number("spec", "replicas") ?? 0);
        int grown = oldWanted == 0 ? wanted : Math.Min(wanted, Math.Max(size, wanted + surge - oldWanted));
        await ResizeAsync(deployment, current, grown);
        int available = sets.Sum(static set => (int)(set.Number("status", "availableReplicas") ?? 0));
        int unready = Math.Max(0, size - (int)(current.Number("status", "availableReplicas") ?? 0));
        await ShrinkAsync(deployment, old, available, Math.Max(0, oldWanted + size - (wanted - unavailable) - unready));
    }

    /// <summary>First what is not available in old sets, then as much as availability allows.</summary>
    private async Task ShrinkAsync(JsonObject deployment, List<JsonObject> old, int available, int budget)
    {
        foreach (JsonObject set in old.OrderBy(static set => set.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
        {
            int size = (int)(set.Number("spec", "replicas") ?? 0);
            int broken = size - (int)(set.Number("status", "availableReplicas") ?? 0);
            int less = Math.Min(size, Math.Min(budget, broken > 0 && available == 0 ? broken : size));
            if (less > 0)
            {
                budget -= less;
                await ResizeAsync(deployment, set, size - less);
            }
        }
    }

    private async Task ResizeAsync(JsonObject deployment, JsonObject set, int size)
    {
        int before = (int)(set.Number("spec", "replicas") ?? 0);
        if (before == size)
        {
            return;
        }

        await Api.PatchAsync(SetUrl(set), ApiClient.MergePatch, new JsonObject { ["spec"] = new JsonObject { ["replicas"] = size } }, Cancel);
        string way = size > before ? "up" : "down";
        Context.Events.Write(
            new JsonObject
            {
                ["kind"] = "Deployment",
                ["apiVersion"] = "apps/v1",
                ["namespace"] = deployment.Namespace(),
                ["name"] = deployment.Name(),
                ["uid"] = deployment.Uid(),
            },
            deployment.Namespace(), "Normal", "ScalingReplicaSet", $"Scaled {way} replica set {set.Name()} from {before} to {size}", "deployment-controller", null);
    }

    private async Task DeploymentStatus(string url, JsonObject deployment, List<JsonObject> sets, JsonObject? current)
    {
        JsonObject? mine = sets.Find(set => current is not null && set.Uid() == current.Uid());
        await WriteStatusAsync(url, deployment, Controllers.DeploymentStatus.Make(deployment, sets, mine));
    }

    private async Task ForgetOldAsync(JsonObject deployment, List<JsonObject> sets, JsonObject? current)
    {
        int keep = (int)(deployment.Number("spec", "revisionHistoryLimit") ?? 10);
        IEnumerable<JsonObject> empty = sets
            .Where(set => set.Uid() != current.Uid() && set.Number("spec", "replicas") == 0 && (set.Number("status", "replicas") ?? 0) == 0)
            .OrderByDescending(static set => set.Number("metadata", "annotations", Revision) ?? 0);
        foreach (JsonObject set in empty.Skip(keep))
        {
            await DeleteAsync(SetUrl(set), set);
        }
    }

    private static string SetUrl(JsonObject set) => $"apis/apps/v1/namespaces/{set.Namespace()}/replicasets/{set.Name()}";
}
