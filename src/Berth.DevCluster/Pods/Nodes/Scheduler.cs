using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods.Nodes;

/// <summary>
/// Binds pods that have no node, to the runner's node with the fewest pods that they fit on; says Unschedulable
/// otherwise. Knows cordons, taints, nodeSelector and required node affinity; weighs no resources.
/// </summary>
internal sealed class Scheduler(ApiClient api, EventRecorder events, Action<string> report)
{
    /// <summary>False when the pod cannot be placed now.</summary>
    public async Task<bool> PlaceAsync(JsonObject pod, IReadOnlyCollection<JsonObject> nodes, IEnumerable<JsonObject> pods, CancellationToken cancel)
    {
        Dictionary<string, int> load = pods.GroupBy(static item => item.Text("spec", "nodeName") ?? "").ToDictionary(static group => group.Key, static group => group.Count());
        var reasons = new List<string>();
        JsonObject? chosen = null;
        foreach (JsonObject node in nodes.OrderBy(node => load.GetValueOrDefault(node.Name())).ThenBy(static node => node.Name(), StringComparer.Ordinal))
        {
            if (Obstacle(pod, node) is { } reason)
            {
                reasons.Add(reason);
            }
            else
            {
                chosen ??= node;
            }
        }

        if (chosen is null)
        {
            await RefuseAsync(pod, nodes.Count, reasons, cancel);
            return false;
        }

        await BindAsync(pod, chosen.Name(), cancel);
        return true;
    }

    /// <summary>Why a pod does not fit a node, in the scheduler's words; null when it does.</summary>
    internal static string? Obstacle(JsonObject pod, JsonObject node)
    {
        if (node.Flag("spec", "unschedulable") && !Tolerates(pod, "node.kubernetes.io/unschedulable", "", "NoSchedule"))
        {
            return "node(s) were unschedulable";
        }

        foreach (JsonNode taint in node.Items("spec", "taints"))
        {
            string key = taint.Text("key") ?? "", effect = taint.Text("effect") ?? "";
            if (effect != "PreferNoSchedule" && !Tolerates(pod, key, taint.Text("value") ?? "", effect))
            {
                return $"node(s) had untolerated taint {{{key}: {taint.Text("value")}}}";
            }
        }

        bool selected = pod.Map("spec", "nodeSelector").All(pair => node.Text("metadata", "labels", pair.Key) == pair.Value);
        JsonNode? required = pod.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        bool affine = required is null || required.Items("nodeSelectorTerms").Any(term => Matches(term, node));
        return selected && affine ? null : "node(s) didn't match Pod's node affinity/selector";
    }

    internal static bool Tolerates(JsonNode pod, string key, string value, string effect) => pod.Items("spec", "tolerations").Any(item =>
        (item.Text("effect") is null or "" || item.Text("effect") == effect)
        && (item.Text("key") is null or "" ? item.Text("operator") == "Exists" : item.Text("key") == key)
        && (item.Text("operator") == "Exists" || (item.Text("value") ?? "") == value));

    private static bool Matches(JsonNode term, JsonObject node) =>
        term.Items("matchExpressions").All(expression => Holds(expression, node.Text("metadata", "labels", expression.Text("key") ?? "")))
        && term.Items("matchFields").All(expression => Holds(expression, node.Name()));

    private static bool Holds(JsonNode expression, string? value)
    {
        bool listed = value is not null && expression.Texts("values").Contains(value);
        return expression.Text("operator") switch
        {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => long.TryParse(value, out long more) && long.TryParse(expression.Texts("values").FirstOrDefault(), out long floor) && more > floor,
            "Lt" => long.TryParse(value, out long less) && long.TryParse(expression.Texts("values").FirstOrDefault(), out long ceiling) && less < ceiling,
            _ => false,
        };
    }

    private async Task BindAsync(JsonObject pod, string node, CancellationToken cancel)
    {
        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name(), ["namespace"] = pod.Namespace(), ["uid"] = pod.Uid() },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node },
        };
        try
        {
            await api.CreateAsync($"api/v1/namespaces/{pod.Namespace()}/pods/{pod.Name()}/binding", binding, cancel);
            Tell(pod, "Normal", "Scheduled", $"Successfully assigned {pod.Namespace()}/{pod.Name()} to {node}");
        }
        catch (ApiException lost) when (lost.IsNotFound || lost.IsConflict)
        {
            report($"pod {pod.Key()} was bound or deleted by somebody else: {lost.Detail}");
        }
    }

    private async Task RefuseAsync(JsonObject pod, int nodes, List<string> reasons, CancellationToken cancel)
    {
        string detail = string.Join(", ", reasons.GroupBy(static reason => reason).Select(static group => $"{group.Count()} {group.Key}").Order(StringComparer.Ordinal));
        string message = nodes == 0 ? "no nodes available to schedule pods" : $"0/{nodes} nodes are available: {detail}.";
        if (pod.Condition("PodScheduled").Text("message") == message)
        {
            return;
        }

        Tell(pod, "Warning", "FailedScheduling", message);
        var condition = new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = "Unschedulable",
            ["message"] = message,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Fields.Stamp(DateTimeOffset.UtcNow),
        };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Uid() },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
        };
        try
        {
            await api.PatchAsync($"api/v1/namespaces/{pod.Namespace()}/pods/{pod.Name()}/status", ApiClient.StrategicPatch, patch, cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            report($"pod {pod.Key()} went away before it could be called unschedulable");
        }
    }

    private void Tell(JsonObject pod, string type, string reason, string message) => events.Write(
        new JsonObject
        {
            ["kind"] = "Pod",
            ["apiVersion"] = "v1",
            ["namespace"] = pod.Namespace(),
            ["name"] = pod.Name(),
            ["uid"] = pod.Uid(),
        }, pod.Namespace(), type, reason, message, "default-scheduler", null);
}
