using System.Globalization;
using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>Reads pods and nodes into the facts that decisions use.</summary>
internal sealed class PodReader(ClusterCache cache)
{
    private static readonly TimeSpan ConnectsWithin = TimeSpan.FromMinutes(1);
    private const string OutOfServiceTaint = "node.kubernetes.io/out-of-service";
    private static readonly string[] CollectorReasons = ["DeletionByPodGC", "DeletionByTaintManager"];

    /// <summary>Facts about the pod with this uid; absence is said as such.</summary>
    public PodFacts Read(string name, string uid)
    {
        if (cache.PodByUid(uid) is not { } pod) return new PodFacts { Name = name, Uid = uid, Exists = false };
        var nodeName = pod.Spec?.NodeName ?? "";
        var node = nodeName.Length == 0 ? null : cache.Nodes.Store.Get(new ObjectKey(nodeName));
        var slots = pod.Status?.ContainerStatuses ?? [];
        return new PodFacts
        {
            Name = name,
            Uid = uid,
            Exists = true,
            Deleting = pod.Metadata.DeletionTimestamp is not null,
            Draining = Drain(pod, node) is not null,
            DrainedFor = Drain(pod, node)?.Why,
            Terminal = pod.Status?.Phase is "Failed" or "Succeeded",
            MarkedByCollector = pod.Status?.Conditions?.Any(c => c.Type == "DisruptionTarget" && c.Status == "True" && CollectorReasons.Contains(c.Reason)) == true,
            AllTerminated = AllTerminated(pod),
            SlotFinishedAt = Slots(slots, FinishedAt),
            Node = nodeName,
            NodeExists = nodeName.Length == 0 || node is not null,
            NodeReady = node is null || IsReady(node),
            NodeBootId = node?.Status?.NodeInfo?.BootID ?? "",
            NodeOutOfService = node is not null && IsOutOfService(node),
        };
    }

    /// <summary>Whether new work must not go to a pod.</summary>
    public bool IsDraining(Pod pod) => DrainOf(pod) is not null;

    /// <summary>Why new work must not go to a pod, and whether it is to end as soon as it is free; null if it takes work.</summary>
    public PodDrain? DrainOf(Pod pod) => Drain(pod, pod.Spec?.NodeName is { } name ? cache.Nodes.Store.Get(new ObjectKey(name)) : null);

    /// <summary>Whether a node is gone, or was declared so.</summary>
    public bool IsNodeLost(string name) => cache.Nodes.Store.Get(new ObjectKey(name)) is not { } node || IsOutOfService(node);

    /// <summary>Names of nodes that take new pods and carry the labels that a pod of this pool asks for.</summary>
    public IReadOnlyList<string> NodesFor(Pod? example) =>
        [.. cache.Nodes.Store.List().Where(n => Notice(n) is null && IsReady(n) && (example?.Spec?.NodeSelector?.All(l => n.Metadata.Label(l.Key) == l.Value) ?? true)).Select(n => n.Metadata.Name!)];

    /// <summary>What keeps a pod from getting ready, as the kubelet or the scheduler says.</summary>
    public static Fault? Trouble(Pod pod)
    {
        var name = pod.Metadata.Name;
        if (pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" }) is { } unschedulable)
            return new Fault(Reasons.Unschedulable, $"pod {name}: {unschedulable.Message}");
        foreach (var status in (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []))
        {
            if (status.State?.Waiting is not { Reason: { } reason } waiting) continue;
            if (reason is "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull") return new Fault(Reasons.ImagePullFailed, $"pod {name}, container {status.Name}, image {status.Image}: {waiting.Message ?? reason}");
            if (IsRunnerThatCannotStart(status, reason))
                return new Fault(Reasons.RunnerIncompatible, $"pod {name}, container {status.Name}: the runner does not start in image {status.Image}{Last(status)}{(reason == "RunContainerError" ? $": {waiting.Message}" : "")}; an image built on Alpine needs the agent's image for musl (chart value agentImage.tag), any other glibc, libstdc++ and libgcc_s; see 'kubectl logs {name} -n {pod.Metadata.Namespace} -c {status.Name} --previous'");
            if (reason == "CrashLoopBackOff") return new Fault(Reasons.CrashLoop, $"pod {name}, container {status.Name} keeps ending{Last(status)}");
            if (reason == "CreateContainerConfigError" && waiting.Message?.Contains("not found", StringComparison.Ordinal) == true) return new Fault(Reasons.VolumeMissing, $"pod {name}, container {status.Name}: {waiting.Message}; create it, or correct the pool's template");
            if (reason is "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError") return new Fault(Reasons.CrashLoop, $"pod {name}, container {status.Name}: {waiting.Message ?? reason}");
        }
        return null;
    }

    /// <summary>By when the agent of a pod should have connected to a leader that began at a moment; null while its container does not run.</summary>
    public static DateTimeOffset? HeardBy(Pod pod, DateTimeOffset leadsSince) =>
        pod is { Metadata.DeletionTimestamp: null, Status.Phase: not ("Failed" or "Succeeded") } && AgentOf(pod)?.State?.Running is { } running
            ? (running.StartedAt > leadsSince ? running.StartedAt.Value : leadsSince) + ConnectsWithin : null;

    /// <summary>What is wrong with a pod whose agent has not connected in time.</summary>
    public static Fault NotHeard(Pod pod, string? addresses) =>
        new(Reasons.AgentNotConnected, $"the agent of pod {pod.Metadata.Name} runs and has not connected to the operator ({addresses ?? "its gateway"}) for a minute; 'kubectl logs {pod.Metadata.Name} -n {pod.Metadata.Namespace} -c {Names.AgentContainer}' says what it tried; a NetworkPolicy, or gateway.addresses of the chart, may be why");

    /// <summary>Index of a slot container; null for any other container.</summary>
    public static int? SlotIndex(string? container) =>
        container is not null && container.StartsWith("slot-", StringComparison.Ordinal) && int.TryParse(container.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    /// <summary>Image id of each slot container, or its image where the node tells no id.</summary>
    public static Dictionary<int, string> ImageIds(IEnumerable<ContainerStatus> slots) => Slots(slots, s => s.ImageID is { Length: > 0 } id ? id : s.Image);

    /// <summary>A pod that ended, or whose node is gone, may still have an agent that talks; it gets nothing new all the same.</summary>
    private static PodDrain? Drain(Pod pod, Node? node)
    {
        var name = pod.Metadata.Name;
        if (pod.Metadata.DeletionTimestamp is not null) return new PodDrain($"pod {name} is ending", Leaving: true);
        if (pod.Status?.Phase is "Failed" or "Succeeded") return new PodDrain($"pod {name} ended", Leaving: true);
        if (pod.Metadata.Annotation(Names.DrainAnnotation) is { } why) return new PodDrain(why.Length > 0 ? $"pod {name} is drained ({why})" : $"pod {name} is drained", Leaving: true);
        if (node is null) return pod.Spec?.NodeName is { Length: > 0 } gone ? new PodDrain($"node {gone} of pod {name} is gone", Leaving: false) : null;
        return Notice(node) is { } notice ? new PodDrain($"node {node.Metadata.Name} of pod {name} {notice.What}", notice.Soon) : null;
    }

    private static NodeLeaving? Notice(Node node) => NodeNotice.Of(
        node.Spec?.Unschedulable == true,
        (node.Spec?.Taints ?? []).Select(t => t.Key ?? ""),
        (node.Status?.Conditions ?? []).Where(c => c.Status == "True").Select(c => c.Type ?? ""));

    private static bool IsReady(Node node) => node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private static bool IsOutOfService(Node node) => node.Spec?.Taints?.Any(t => t.Key == OutOfServiceTaint) == true;

    private static ContainerStatus? AgentOf(Pod pod) => pod.Status?.InitContainerStatuses?.FirstOrDefault(s => s.Name == Names.AgentContainer);

    private static bool AllTerminated(Pod pod)
    {
        var expected = (pod.Spec?.Containers?.Count ?? 0) + (pod.Spec?.InitContainers?.Count ?? 0);
        var statuses = (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []).ToList();
        return statuses.Count >= expected && statuses.Count > 0 && statuses.All(s => s.State?.Terminated is not null);
    }

    private static DateTimeOffset? FinishedAt(ContainerStatus status)
    {
        var (now, last) = (status.State?.Terminated?.FinishedAt, status.LastState?.Terminated?.FinishedAt);
        return now is null || (last is not null && last > now) ? last : now;
    }

    /// <summary>No loader or the wrong processor (the container does not start at all, or with 128), a library that is missing (127), not executable (126).</summary>
    private static bool IsRunnerThatCannotStart(ContainerStatus status, string reason) => SlotIndex(status.Name) is not null
        && (reason == "RunContainerError" || (reason == "CrashLoopBackOff" && status.LastState?.Terminated?.ExitCode is 126 or 127 or 128));

    private static string Last(ContainerStatus status) =>
        status.LastState?.Terminated is { } last ? $" (exit code {last.ExitCode}, {last.Reason}{(last.Message is { Length: > 0 } text ? $": {text}" : "")})" : "";

    private static Dictionary<int, TValue> Slots<TValue>(IEnumerable<ContainerStatus> slots, Func<ContainerStatus, TValue?> read) where TValue : class
    {
        var found = new Dictionary<int, TValue>();
        foreach (var status in slots)
            if (SlotIndex(status.Name) is { } index && read(status) is { } value) found[index] = value;
        return found;
    }

    private static Dictionary<int, DateTimeOffset> Slots(IEnumerable<ContainerStatus> slots, Func<ContainerStatus, DateTimeOffset?> read)
    {
        var found = new Dictionary<int, DateTimeOffset>();
        foreach (var status in slots)
            if (SlotIndex(status.Name) is { } index && read(status) is { } value) found[index] = value;
        return found;
    }
}

/// <summary>Why a pod takes no new work.</summary>
/// <param name="Why">As a sentence.</param>
/// <param name="Leaving">Whether it is to end as soon as it is free.</param>
internal sealed record PodDrain(string Why, bool Leaving);
