using Berth.Api;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>A pool in words: what its pods hold, and who waits for it.</summary>
internal static class PoolDescription
{
    public static string Of(AgentPoolResource pool, IReadOnlyList<TaskResource> tasks, IReadOnlyList<Pod> pods)
    {
        var (spec, status, name) = (pool.Spec, pool.Status, pool.Metadata.Name);
        var ready = status.Conditions.FirstOrDefault(c => c.Type == "Ready");
        var waiting = tasks.Count(t => t.Status.Reason == Reasons.WaitingForSlot);
        var sheet = new Sheet().Line("pool", $"{pool.Metadata.Namespace}/{name}")
            .Line("ready", ready is null ? "not judged yet" : $"{ready.Status} ({ready.Reason}), {Ages.Since(ready.LastTransitionTime)}: {ready.Message}")
            .Line("pods", $"{status.Replicas} of {spec.Replicas ?? 1}, {spec.SlotsPerPod} slots each, {spec.ApplySlotsPerPod} of them for work that can change things")
            .Line("slots", $"{status.Slots.Running} running, {status.Slots.Reserved} reserved, {status.Slots.Idle} idle, {status.Slots.Unavailable} unavailable")
            .Line("waiting", waiting == 0 ? "no task waits for a slot" : $"{waiting} tasks wait for a slot");
        foreach (var (next, command) in Next(pool, ready, waiting)) sheet.Line("next", next).Line("type", Paint.Bold(command));
        var rows = pods.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => Row(p, tasks)).ToList();
        sheet.Heading("pods").Block(TextTable.Write(["Pod", "Phase", "Node", "Age", "Draining", "Holds"], rows));
        return sheet.ToString();
    }

    private static IEnumerable<(string, string)> Next(AgentPoolResource pool, Berth.Api.Condition? ready, int waiting)
    {
        var (name, ns) = (pool.Metadata.Name, pool.Metadata.Namespace is "default" ? "" : $" -n {pool.Metadata.Namespace}");
        if (ready is { Status: ConditionStatus.False }) yield return ("its pods run once that is mended", $"kubectl get events{ns} --field-selector type=Warning");
        else if (waiting > 0) yield return ("tasks begin as slots become free", $"kubectl scale agentpool {name} --replicas {(pool.Spec.Replicas ?? 1) + 1}{ns}");
    }

    private static IReadOnlyList<string> Row(Pod pod, IReadOnlyList<TaskResource> tasks)
    {
        var held = tasks.Where(t => t.Status.Slot?.PodUid == pod.Metadata.Uid).Select(t => $"{t.Metadata.Name} ({t.Status.Phase})").ToList();
        var drains = pod.Metadata.Annotation(Names.DrainAnnotation) is not null || pod.Metadata.DeletionTimestamp is not null;
        return [pod.Metadata.Name ?? "", pod.Status?.Phase ?? "", pod.Spec?.NodeName ?? "", Ages.Since(pod.Metadata.CreationTimestamp), drains ? "yes" : "", string.Join(", ", held)];
    }
}
