using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Nodes;

namespace Berth.DevCluster.Controllers;

/// <summary>
/// Takes away pods that their node cannot: on nodes that are gone or out of service, and by NoExecute taints. Marks them
/// Failed before, without any container having been seen to end.
/// </summary>
internal sealed class PodGarbageCollector(ControllerContext context) : Controller(context)
{
    private const string OutOfService = "node.kubernetes.io/out-of-service";

    private readonly Dictionary<string, DateTimeOffset> _missing = [];
    private Reflector? _nodes, _pods;

    public override string Name => "pod-gc";

    protected override int Workers => 1;

    public override void Attach(Informers informers)
    {
        Enqueue("/");
        _pods = informers.Subscribe("api/v1/pods", static (_, _) => { });
        _nodes = informers.Subscribe("api/v1/nodes", (old, now) =>
        {
            if (now is null || !JsonNode.DeepEquals(old.At("spec", "taints"), now.At("spec", "taints")))
            {
                Enqueue("/");
            }
        });
    }

    protected override async Task ReconcileAsync(string key)
    {
        try
        {
            // Copies do to find candidates; what is done to one is bound to its uid.
            await Task.WhenAll(_nodes!.Synced, _pods!.Synced).WaitAsync(Cancel);
            Dictionary<string, JsonObject> nodes = _nodes.All.ToDictionary(static node => node.Name());
            List<JsonObject> pods = [.. _pods.All];
            Forget(nodes, pods);
            foreach (JsonObject pod in pods)
            {
                await JudgeAsync(pod, nodes);
            }
        }
        finally
        {
            EnqueueAfter(key, Context.Options.NodePeriod);
        }
    }

    private void Forget(Dictionary<string, JsonObject> nodes, List<JsonObject> pods)
    {
        var named = pods.Select(static pod => pod.Text("spec", "nodeName") ?? "").Where(name => name.Length > 0 && !nodes.ContainsKey(name)).ToHashSet();
        foreach (string back in _missing.Keys.Where(name => !named.Contains(name)).ToList())
        {
            _missing.Remove(back);
        }

        foreach (string name in named)
        {
            _missing.TryAdd(name, DateTimeOffset.UtcNow);
        }
    }

    private async Task JudgeAsync(JsonObject pod, Dictionary<string, JsonObject> nodes)
    {
        string node = pod.Text("spec", "nodeName") ?? "";
        if (node.Length == 0)
        {
            if (pod.IsDeleting())
            {
                await RemoveAsync(pod, null, 0);
            }
        }
        else if (_missing.TryGetValue(node, out DateTimeOffset since))
        {
            if (DateTimeOffset.UtcNow - since >= Context.Options.OrphanedPodGrace
                && await Api.FindAsync($"api/v1/nodes/{node}", Cancel) is null)
            {
                await RemoveAsync(pod, ("DeletionByPodGC", "PodGC: node no longer exists"), 0);
            }
        }
        else if (nodes.TryGetValue(node, out JsonObject? there))
        {
            await JudgeByTaintsAsync(pod, there);
        }
    }

    private async Task JudgeByTaintsAsync(JsonObject pod, JsonNode node)
    {
        List<JsonNode> taints = [.. node.Items("spec", "taints").Where(static taint => taint.Text("effect") == "NoExecute")];
        bool withdrawn = node.Items("spec", "taints").Any(static taint => taint.Text("key") == OutOfService);
        if (pod.IsDeleting())
        {
            if (withdrawn && node.Condition("Ready").Text("status") != "True")
            {
                await RemoveAsync(pod, ("DeletionByPodGC", "PodGC: node is out of service"), 0);
            }

            return;
        }

        foreach (JsonNode taint in taints)
        {
            DateTimeOffset? due = Due(pod, taint);
            if (due <= DateTimeOffset.UtcNow)
            {
                await RemoveAsync(pod, ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"), null);
                return;
            }
        }
    }

    /// <summary>When a taint drives the pod away; null when it never does.</summary>
    private static DateTimeOffset? Due(JsonObject pod, JsonNode taint)
    {
        string key = taint.Text("key") ?? "", value = taint.Text("value") ?? "", effect = taint.Text("effect") ?? "";
        List<JsonNode> tolerations = [.. pod.Items("spec", "tolerations").Where(item => Scheduler.Tolerates(
            new JsonObject { ["spec"] = new JsonObject { ["tolerations"] = new JsonArray(item.DeepClone()) } }, key, value, effect))];
        if (tolerations.Count == 0)
        {
            return DateTimeOffset.UtcNow;
        }

        long? seconds = tolerations.Min(static item => item.Number("tolerationSeconds"));
        return seconds is null ? null : (taint.Time("timeAdded") ?? DateTimeOffset.UtcNow).AddSeconds(Math.Max(0, seconds.Value));
    }

    private async Task RemoveAsync(JsonObject pod, (string Reason, string Message)? disruption, long? grace)
    {
        string url = $"api/v1/namespaces/{pod.Namespace()}/pods/{pod.Name()}";
        bool forced = grace == 0;
        if (disruption is { } why && pod.Text("status", "phase") is not ("Succeeded" or "Failed"))
        {
            var status = new JsonObject
            {
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = "DisruptionTarget",
                    ["status"] = "True",
                    ["reason"] = why.Reason,
                    ["message"] = why.Message,
                    ["lastTransitionTime"] = Fields.Stamp(DateTimeOffset.UtcNow),
                }),
            };
            if (forced)
            {
                status["phase"] = "Failed";
            }

            try
            {
                var patch = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid() }, ["status"] = status };
                await Api.PatchAsync($"{url}/status", ApiClient.StrategicPatch, patch, Cancel);
            }
            catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
            {
                return;
            }
        }

        // One that a finalizer keeps was deleted before.
        if (!forced || !pod.IsDeleting() || pod.Number("metadata", "deletionGracePeriodSeconds") != 0)
        {
            await DeleteAsync(url, pod, grace: grace);
        }
    }
}
