using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods;

/// <summary>Computes a pod's status from its containers, by the kubelet's rules.</summary>
internal static class PodStatus
{
    private static readonly string[] Guarded = ["cpu", "memory"];

    public static string Phase(JsonObject pod, IReadOnlyList<PodContainer> containers, bool ending)
    {
        string policy = pod.Text("spec", "restartPolicy") ?? "Always";
        List<PodContainer> mains = [.. containers.Where(static item => item.Kind == ContainerKind.Main)];
        if (ending && containers.All(static item => !item.IsRunning))
        {
            List<PodContainer> begun = [.. containers.Where(static item => item.Kind != ContainerKind.Sidecar && item.Ended is not null)];
            return mains.Count > 0 && mains.All(static item => item.Succeeded) && begun.All(static item => item.Succeeded) ? "Succeeded" : "Failed";
        }

        if (containers.FirstOrDefault(static item => item.Kind == ContainerKind.Init && !item.Succeeded) is { } waiting)
        {
            return waiting is { Ended.ExitCode: not 0 } && policy == "Never" ? "Failed" : "Pending";
        }

        if (mains.All(static item => item.Ended is null && !item.IsRunning && item.Last is null))
        {
            return "Pending";
        }

        if (mains.All(static item => item.Ended is not null) && policy != "Always")
        {
            return mains.All(static item => item.Succeeded) ? "Succeeded" : policy == "Never" ? "Failed" : "Running";
        }

        return mains.Any(static item => item.Ended is null && !item.IsRunning && item.Last is null) ? "Pending" : "Running";
    }

    public static JsonObject Make(
        JsonObject pod, string address, IReadOnlyList<PodContainer> containers, string phase, DateTimeOffset startTime, bool sandbox, JsonObject? previous)
    {
        List<PodContainer> mains = [.. containers.Where(static item => item.Kind == ContainerKind.Main)];
        List<PodContainer> inits = [.. containers.Where(static item => item.Kind != ContainerKind.Main)];
        bool terminal = phase is "Succeeded" or "Failed";
        bool initialized = inits.All(static item => item.Kind == ContainerKind.Init ? item.Succeeded : item.IsStarted || item.Ended is not null);
        List<string> unready = [.. mains.Concat(inits.Where(static item => item.Kind == ContainerKind.Sidecar))
            .Where(static item => !(item.IsRunning && item.IsReady)).Select(static item => item.Name)];
        List<string> incomplete = [.. inits.Where(static item => item.Kind == ContainerKind.Init ? !item.Succeeded : !item.IsStarted).Select(static item => item.Name)];
        string reason = phase == "Succeeded" ? "PodCompleted" : phase == "Failed" ? "PodFailed" : "ContainersNotReady";
        string? message = terminal ? null : $"containers with unready status: [{string.Join(' ', unready)}]";
        bool containersReady = unready.Count == 0 && !terminal;
        string? gate = pod.Items("spec", "readinessGates").Select(static item => item.Text("conditionType"))
            .FirstOrDefault(type => pod.Condition(type ?? "").Text("status") != "True");
        var conditions = new JsonArray(
            Condition(pod, previous, "PodReadyToStartContainers", sandbox && !(terminal && containers.All(static item => !item.IsRunning)), null, null),
            initialized || phase == "Succeeded"
                ? Condition(pod, previous, "Initialized", true, phase == "Succeeded" ? "PodCompleted" : null, null)
                : Condition(pod, previous, "Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]"),
            containersReady && gate is not null
                ? Condition(pod, previous, "Ready", false, "ReadinessGatesNotReady", $"the status of pod readiness gate \"{gate}\" is not \"True\"")
                : Condition(pod, previous, "Ready", containersReady, containersReady ? null : reason, containersReady ? null : message),
            Condition(pod, previous, "ContainersReady", containersReady, containersReady ? null : reason, containersReady ? null : message),
            Condition(pod, previous, "PodScheduled", true, null, null));
        var status = new JsonObject
        {
            ["phase"] = phase,
            ["conditions"] = conditions,
            ["hostIP"] = PodHost.Address,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = PodHost.Address }),
            ["startTime"] = Fields.Stamp(startTime),
            ["qosClass"] = pod.Text("status", "qosClass") ?? Quality(pod),
            ["containerStatuses"] = mains.Select(static item => item.StatusJson()).ToJsonArray(),
        };
        if (sandbox)
        {
            status["podIP"] = address;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        }

        if (inits.Count > 0)
        {
            status["initContainerStatuses"] = inits.Select(static item => item.StatusJson()).ToJsonArray();
        }

        return status;
    }

    /// <summary>The previous status is newer than the pod's copy while our own write has not come back yet.</summary>
    private static JsonObject Condition(JsonObject pod, JsonObject? previous, string type, bool value, string? reason, string? message)
    {
        JsonNode? old = previous.Items("conditions").FirstOrDefault(item => item.Text("type") == type) ?? pod.Condition(type);
        string status = value ? "True" : "False";
        string changed = old.Text("status") == status && old.Text("lastTransitionTime") is { } since ? since : Fields.Stamp(DateTimeOffset.UtcNow);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = changed,
            ["reason"] = reason,
            ["message"] = message,
        };
    }

    public static JsonObject Disruption(JsonObject pod, JsonObject? previous, string message) =>
        Condition(pod, previous, "DisruptionTarget", true, "TerminationByKubelet", message);

    /// <summary>Guaranteed, Burstable or BestEffort; the API server normally says it first.</summary>
    private static string Quality(JsonObject pod)
    {
        List<JsonNode> containers = [.. pod.Items("spec", "containers").Concat(pod.Items("spec", "initContainers"))];
        if (containers.All(static item => !item.Map("resources", "limits").Any() && !item.Map("resources", "requests").Any()))
        {
            return "BestEffort";
        }

        bool guaranteed = containers.All(static item => Guarded.All(resource =>
            item.Text("resources", "limits", resource) is { } limit
            && (item.Text("resources", "requests", resource) ?? limit) == limit));
        return guaranteed ? "Guaranteed" : "Burstable";
    }
}
