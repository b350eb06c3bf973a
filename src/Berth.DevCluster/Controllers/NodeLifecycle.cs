using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Calls nodes that went quiet NotReady, taints nodes by their conditions, and tells their pods' readers.</summary>
internal sealed class NodeLifecycle(ControllerContext context) : Controller(context)
{
    private const string Unreachable = "node.kubernetes.io/unreachable", NotReady = "node.kubernetes.io/not-ready",
        Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly string[] Ours = [Unreachable, NotReady, Unschedulable];

    private static readonly string[] Doubted = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    private readonly Dictionary<string, (string Beat, DateTimeOffset Seen)> _beats = [];

    public override string Name => "node-lifecycle";

    protected override int Workers => 1;

    public override void Attach(Informers informers)
    {
        Enqueue("/");
        informers.Subscribe("api/v1/nodes", (old, now) =>
        {
            if (now is not null && (old is null || old.Flag("spec", "unschedulable") != now.Flag("spec", "unschedulable")
                || old.Condition("Ready").Text("status") != now.Condition("Ready").Text("status")))
            {
                Enqueue("/");
            }
        });
    }

    protected override async Task ReconcileAsync(string key)
    {
        try
        {
            JsonObject leases = await Api.GetAsync("apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", Cancel);
            var renewed = leases.Items("items").ToDictionary(static lease => lease.Name(), static lease => lease.Text("spec", "renewTime") ?? "");
            foreach (JsonObject node in (await Api.GetAsync("api/v1/nodes", Cancel)).Items("items").OfType<JsonObject>().ToList())
            {
                await JudgeAsync(node, renewed.GetValueOrDefault(node.Name(), ""));
            }
        }
        finally
        {
            EnqueueAfter(key, Context.Options.NodePeriod);
        }
    }

    private async Task JudgeAsync(JsonObject node, string renewed)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        bool reported = node.Condition("Ready").Text("status") is "True" or "False";
        string beat = $"{node.Uid()} {renewed} {(reported ? node.Condition("Ready").Text("lastHeartbeatTime") : "")}";
        if (!_beats.TryGetValue(node.Name(), out var last) || (last.Beat != beat && reported) || !last.Beat.StartsWith(node.Uid(), StringComparison.Ordinal))
        {
            _beats[node.Name()] = last = (beat, now);
        }

        JsonObject judged = node;
        if (now - last.Seen > Context.Options.NodeGrace && node.Condition("Ready").Text("status") != "Unknown")
        {
            judged = await CallUnknownAsync(node);
            Tell(judged, "NodeNotReady", $"Node {node.Name()} status is now: NodeNotReady");
            await DoubtPodsAsync(node.Name());
        }

        await TaintAsync(judged, last.Seen);
    }

    private async Task<JsonObject> CallUnknownAsync(JsonObject node)
    {
        string now = Fields.Stamp(DateTimeOffset.UtcNow);
        JsonArray conditions = Doubted.Select(type =>
        {
            bool never = node.Condition(type) is null;
            return (JsonNode)new JsonObject
            {
                ["type"] = type,
                ["status"] = "Unknown",
                ["reason"] = never ? "NodeStatusNeverUpdated" : "NodeStatusUnknown",
                ["message"] = never ? "Kubelet never posted node status." : "Kubelet stopped posting node status.",
                ["lastHeartbeatTime"] = node.Condition(type).Text("lastHeartbeatTime") ?? now,
                ["lastTransitionTime"] = now,
            };
        }).ToJsonArray();
        return await Api.PatchAsync(
            $"api/v1/nodes/{node.Name()}/status", ApiClient.StrategicPatch,
            new JsonObject { ["status"] = new JsonObject { ["conditions"] = conditions } }, Cancel);
    }

    /// <summary>Pods of a node nobody hears of are not ready, whatever they were last.</summary>
    private async Task DoubtPodsAsync(string node)
    {
        JsonObject pods = await Api.GetAsync($"api/v1/pods?fieldSelector={Uri.EscapeDataString($"spec.nodeName={node}")}", Cancel);
        foreach (JsonNode pod in pods.Items("items").Where(static pod => pod.Condition("Ready").Text("status") == "True"))
        {
            var condition = new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = "False",
                ["lastTransitionTime"] = Fields.Stamp(DateTimeOffset.UtcNow),
            };
            try
            {
                await Api.PatchAsync(
                    $"api/v1/namespaces/{pod.Namespace()}/pods/{pod.Name()}/status", ApiClient.StrategicPatch,
                    new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) } }, Cancel);
            }
            catch (ApiException gone) when (gone.IsNotFound)
            {
                // Then nobody can take it for ready.
            }
        }
    }

    private async Task TaintAsync(JsonObject node, DateTimeOffset seen)
    {
        string? ready = node.Condition("Ready").Text("status");
        var wanted = new List<(string Key, string Effect)>();
        if (ready == "Unknown")
        {
            wanted.AddRange([(Unreachable, "NoSchedule"), (Unreachable, "NoExecute")]);
        }
        else if (ready == "False" || (ready is null && DateTimeOffset.UtcNow - seen > TimeSpan.FromSeconds(5)))
        {
            wanted.AddRange([(NotReady, "NoSchedule"), (NotReady, "NoExecute")]);
        }
        else if (ready is null)
        {
            // Admission made it so; nothing is evicted before the node had time to report.
            wanted.Add((NotReady, "NoSchedule"));
        }

        if (node.Flag("spec", "unschedulable"))
        {
            wanted.Add((Unschedulable, "NoSchedule"));
        }

        List<JsonNode> old = [.. node.Items("spec", "taints")];
        List<JsonNode> ours = [.. old.Where(static taint => Ours.Contains(taint.Text("key")))];
        var have = ours.Select(static taint => (taint.Text("key")!, taint.Text("effect")!)).ToHashSet();
        if (have.SetEquals(wanted))
        {
            return;
        }

        JsonArray taints = old.Where(taint => !Ours.Contains(taint.Text("key")) || wanted.Contains((taint.Text("key")!, taint.Text("effect")!)))
            .Select(static taint => taint.DeepClone())
            .Concat(wanted.Where(item => !have.Contains(item)).Select(static item => (JsonNode)New(item.Key, item.Effect))).ToJsonArray();
        await Api.PatchAsync($"api/v1/nodes/{node.Name()}", ApiClient.MergePatch, new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = node.Text("metadata", "resourceVersion") },
            ["spec"] = new JsonObject { ["taints"] = taints.Count > 0 ? taints : null },
        }, Cancel);
    }

    private static JsonObject New(string key, string effect)
    {
        var taint = new JsonObject { ["key"] = key, ["effect"] = effect };
        if (effect == "NoExecute" || key != Unschedulable)
        {
            taint["timeAdded"] = Fields.Stamp(DateTimeOffset.UtcNow);
        }

        return taint;
    }

    private void Tell(JsonObject node, string reason, string message) => Context.Events.Write(
        new JsonObject { ["kind"] = "Node", ["apiVersion"] = "v1", ["name"] = node.Name(), ["uid"] = node.Uid() },
        "default", "Normal", reason, message, "node-controller", null);
}
