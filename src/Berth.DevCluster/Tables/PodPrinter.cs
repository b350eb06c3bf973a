using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Tables;

/// <summary>Pods as kubectl prints them: a status made of phase, reasons and container states.</summary>
internal static class PodPrinter
{
    public static readonly Printer Printer = new(
    [
        BuiltinPrinters.Column("Ready", description: "The aggregate readiness state of this pod for accepting traffic."),
        BuiltinPrinters.Column("Status", description: "The aggregate status of the containers in this pod."),
        BuiltinPrinters.Column("Restarts", description: "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted."),
        Printers.AgeColumn,
        BuiltinPrinters.Column("IP", priority: 1, description: "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated."),
        BuiltinPrinters.Column("Node", priority: 1, description: "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename"),
        BuiltinPrinters.Column("Nominated Node", priority: 1, description: "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled."),
        BuiltinPrinters.Column("Readiness Gates", priority: 1, description: "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to \"True\" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates"),
    ], Cells);

    private static IEnumerable<JsonNode?> Cells(JsonObject pod, TimeProvider time)
    {
        var (ready, total, restarts, reason, last) = Summary(pod);
        var restarted = restarts > 0 && last.Length > 0 ? $"{restarts} ({Age.Since(last, time)} ago)" : restarts.Invariant();
        return
        [
            $"{ready}/{total}", reason, restarted, Age.Since(pod.Text("metadata", "creationTimestamp"), time),
            OrNone(pod.Text("status", "podIP")), OrNone(pod.Text("spec", "nodeName")), OrNone(pod.Text("status", "nominatedNodeName")), Gates(pod),
        ];
    }

    private static (int Ready, int Total, long Restarts, string Reason, string Last) Summary(JsonObject pod)
    {
        var reason = pod.Text("status", "reason") is { Length: > 0 } given ? given : pod.TextOr("", "status", "phase");
        if (pod.Objects("status", "conditions").Any(c => c.Text("type") == "PodScheduled" && c.Text("reason") == "SchedulingGated")) reason = "SchedulingGated";
        var sidecars = pod.Objects("spec", "initContainers").Where(c => c.Text("restartPolicy") == "Always").Select(c => c.TextOr("", "name")).ToHashSet();
        var total = pod.Objects("spec", "containers").Count() + sidecars.Count;
        var (ready, restarts, last, initializing) = (0, 0L, "", false);
        var inits = pod.Objects("status", "initContainerStatuses").ToList();
        for (var i = 0; i < inits.Count; i++)
        {
            var status = inits[i];
            restarts += status.Number("restartCount") ?? 0;
            var sidecar = sidecars.Contains(status.TextOr("", "name"));
            if (sidecar && status.Flag("ready") == true) ready++;
            if (status.Number("state", "terminated", "exitCode") == 0 || (sidecar && status.Flag("started") == true)) continue;
            reason = InitReason(status, i, pod.Objects("spec", "initContainers").Count());
            initializing = true;
            break;
        }
        if (!initializing || pod.Objects("status", "conditions").Any(c => c.Text("type") == "Initialized" && c.Text("status") == "True"))
        {
            var running = false;
            foreach (var status in pod.Objects("status", "containerStatuses").Reverse())
            {
                restarts += status.Number("restartCount") ?? 0;
                if (status.Text("lastState", "terminated", "finishedAt") is { } at && string.CompareOrdinal(at, last) > 0) last = at;
                if (status.Text("state", "waiting", "reason") is { Length: > 0 } waiting) reason = waiting;
                else if (status.Object("state", "terminated") is { } ended) reason = Ended(ended);
                else if (status.Flag("ready") == true && status.Object("state", "running") is not null)
                {
                    running = true;
                    ready++;
                }
            }
            if (reason == "Completed" && running)
                reason = pod.Objects("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True") ? "Running" : "NotReady";
        }
        if (pod.Text("metadata", "deletionTimestamp") is not null) reason = pod.Text("status", "reason") == "NodeLost" ? "Unknown" : pod.Text("status", "phase") is "Succeeded" or "Failed" ? reason : "Terminating";
        return (ready, total, restarts, reason, last);
    }

    private static string InitReason(JsonObject status, int index, int count)
    {
        if (status.Object("state", "terminated") is { } ended) return "Init:" + Ended(ended);
        var waiting = status.TextOr("", "state", "waiting", "reason");
        return waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting : $"Init:{index}/{count}";
    }

    private static string Ended(JsonObject terminated)
    {
        if (terminated.Text("reason") is { Length: > 0 } reason) return reason;
        return terminated.Number("signal") is > 0 and var signal ? $"Signal:{signal}" : $"ExitCode:{terminated.Number("exitCode")}";
    }

    private static string Gates(JsonObject pod)
    {
        var gates = pod.Objects("spec", "readinessGates").Select(g => g.TextOr("", "conditionType")).ToList();
        if (gates.Count == 0) return "<none>";
        var met = gates.Count(g => pod.Objects("status", "conditions").Any(c => c.Text("type") == g && c.Text("status") == "True"));
        return $"{met}/{gates.Count}";
    }

    private static string OrNone(string? text) => string.IsNullOrEmpty(text) ? "<none>" : text;
}
