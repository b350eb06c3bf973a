using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Placement;

namespace Berth.Operator.View.Tables;

/// <summary>What a replica's caches tell of queues, slots and agents.</summary>
internal sealed class ClusterRows(ClusterCache cache, PodReader pods, AgentRegistry agents, PlacementLoop placement)
{
    private static readonly string[] ForSlot = [Reasons.WaitingForSlot, Reasons.SlotLost, Reasons.HoldExpired, Reasons.Displaced, Reasons.Restoring];

    /// <summary>
    /// Tasks that wait before they begin, or again for a slot. Those that lack nothing but a slot have a position: placement's own, so only
    /// the leader knows it.
    /// </summary>
    public IEnumerable<JsonObject> Positions(string? ns) => Pools(ns).SelectMany(pool =>
    {
        var key = pool.Metadata.Key();
        var places = placement.QueueOf(key).Select((uid, i) => (uid, Place: i + 1)).ToDictionary(p => p.uid, p => p.Place, StringComparer.Ordinal);
        int? PlaceOf(TaskResource task) => places.TryGetValue(task.Metadata.Uid, out var place) ? place : null;
        return cache.Tasks.ByIndex(ClusterCache.ByPool, key.ToString()).Where(t => Waits(t) || PlaceOf(t) is not null)
            .OrderBy(t => PlaceOf(t) ?? int.MaxValue).ThenBy(QueuedAt).ThenBy(t => t.Metadata.Uid, StringComparer.Ordinal).Select(task => Position(task, PlaceOf(task)));
    });

    /// <summary>Every slot of every agent pod, and who is on it.</summary>
    public IEnumerable<JsonObject> Slots(string? ns) => AgentPods(ns).SelectMany(pod =>
    {
        var held = new Dictionary<int, TaskResource>();
        foreach (var task in PoolSlots.Holding(cache, pod.Metadata.Uid!)) held[IndexOf(task, pod.Metadata.Uid!)] = task;
        var draining = pods.IsDraining(pod);
        return (pod.Spec?.Containers ?? []).Select(c => PodReader.SlotIndex(c.Name)).OfType<int>().Order().Select(index => Slot(pod, index, held.GetValueOrDefault(index), draining));
    });

    /// <summary>Agents of agent pods, as this replica sees them.</summary>
    public IEnumerable<JsonObject> Connections(string? ns) => AgentPods(ns).Select(pod =>
    {
        var (facts, session) = (agents.Facts(pod.Metadata.Uid!), agents.Session(pod.Metadata.Uid!));
        return new JsonObject
        {
            ["metadata"] = Metadata(pod.Metadata.Namespace, pod.Metadata.Name!),
            ["pool"] = pod.Metadata.Label(Names.PoolLabel),
            ["connected"] = session is not null,
            ["version"] = session?.Version,
            ["node"] = pod.Spec?.NodeName,
            ["nodeBootId"] = session?.NodeBootId,
            ["attempts"] = facts?.Attempts.Count ?? 0,
            ["silentSince"] = Moment(facts?.SilentSince),
            ["unavailable"] = facts?.Unavailable,
        };
    });

    /// <summary>Where one task stands; null if there is no such task.</summary>
    public JsonObject? Standing(string ns, string name) => cache.Tasks.Get(new ObjectKey(ns, name)) is not { } task ? null
        : Positions(ns).FirstOrDefault(p => (string?)p["metadata"]!["name"] == name) ?? Position(task, null);

    internal static string? Moment(DateTimeOffset? at) => at?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    internal static JsonObject Metadata(string? ns, string name) => ns is null ? new() { ["name"] = name } : new() { ["name"] = name, ["namespace"] = ns };

    private static bool Waits(TaskResource task) => task.Status.Phase == TaskPhase.Pending || (task.Status is { Phase: TaskPhase.ApplyPending, Slot: null } && ForSlot.Contains(task.Status.Reason));

    private static DateTimeOffset QueuedAt(TaskResource task) => task.Status.QueuedAt ?? task.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue;

    private static int IndexOf(TaskResource task, string podUid) => task.Status.Slot?.PodUid == podUid ? task.Status.Slot.Index : task.Status.Attempt!.Slot;

    private static JsonObject Position(TaskResource task, int? position) => new()
    {
        ["metadata"] = Metadata(task.Metadata.Namespace, task.Metadata.Name),
        ["pool"] = task.Spec.PoolRef.Name,
        ["position"] = position,
        ["priority"] = task.Spec.Priority,
        ["workspace"] = task.Spec.Workspace,
        ["approved"] = task.Status.Grant is not null,
        ["phase"] = task.Status.Phase.ToString(),
        ["since"] = Moment(QueuedAt(task)),
        ["reason"] = task.Status.Reason,
        ["message"] = task.Status.Message,
    };

    private static JsonObject Slot(Pod pod, int index, TaskResource? task, bool draining) => new()
    {
        // A name of an API object has no slash; people read pod/index in the field slot.
        ["metadata"] = Metadata(pod.Metadata.Namespace, $"{pod.Metadata.Name}-{index}"),
        ["slot"] = Names.SlotName(pod.Metadata.Name!, index),
        ["pool"] = pod.Metadata.Label(Names.PoolLabel),
        ["pod"] = pod.Metadata.Name,
        ["index"] = index,
        ["node"] = pod.Spec?.NodeName,
        ["state"] = State(pod, index, task, draining),
        ["task"] = task?.Metadata.Name,
        ["phase"] = task?.Status.Phase.ToString(),
        ["workspace"] = task?.Spec.Workspace,
        ["attempt"] = task?.Status.Attempt?.Id,
        ["since"] = Moment(task?.Status.Slot?.Since ?? task?.Status.Attempt?.OrderedAt),
    };

    private static string State(Pod pod, int index, TaskResource? task, bool draining)
    {
        if (task is not null) return task.Status.Phase == TaskPhase.ApplyPending ? "Reserved" : task.Status.Phase == TaskPhase.ApplyLost ? "Lost" : "Running";
        if (draining) return "Draining";
        return pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Names.SlotContainer(index)) is { State.Running: not null } ? "Idle" : "Starting";
    }

    private IEnumerable<AgentPoolResource> Pools(string? ns) => cache.Pools.Store.List().Where(p => ns is null || p.Metadata.Namespace == ns)
        .OrderBy(p => p.Metadata.Namespace, StringComparer.Ordinal).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal);

    private IEnumerable<Pod> AgentPods(string? ns) => Pools(ns).SelectMany(p => cache.Pods.ByIndex(ClusterCache.ByPool, $"{p.Metadata.Namespace}/{p.Metadata.Name}").OrderBy(d => d.Metadata.Name, StringComparer.Ordinal));
}
