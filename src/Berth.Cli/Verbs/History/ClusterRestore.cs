using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.History;

/// <summary>
/// Makes pools and tasks again. A restored task is a new object with a new uid: attempts, reservations and approvals of the old one mean
/// nothing to it, so that nothing of what was approved can be applied again. What was over is over; everything else is suspended.
/// </summary>
internal sealed class ClusterRestore(KubernetesClient client, HistoryStore store, string actor)
{
    private const int Most = 100_000;
    // The clocks of the API server, of the database and of whoever wrote the archive are not one.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);
    private static readonly ResourceType<JsonObject> AnyTask = Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true);
    private static readonly ResourceType<JsonObject> AnyPool = Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", true);

    private readonly Dictionary<ObjectKey, TaskResource> _there = [];

    /// <summary>Refuses a cluster that is in use; one that a restore has begun to fill is filled further.</summary>
    /// <exception cref="CliException">The cluster has tasks that no restore made.</exception>
    public async Task RefuseUsedAsync(CancellationToken cancellationToken)
    {
        foreach (var task in (await client.ListAsync(BerthResources.Tasks, null, cancellationToken: cancellationToken)).Items) _there[KeyOf(task)] = task;
        if (_there.Values.FirstOrDefault(t => t.Metadata.Annotations?.ContainsKey(Names.RestoredFromAnnotation) != true) is { } used)
            throw new CliException(ExitCodes.NotWaiting, $"The cluster has tasks already ({KeyOf(used)}); a restore is for an empty one. If only the database was lost: --history-only.");
    }

    /// <summary>Makes everything; returns what there is to tell.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(ClusterResources saved, CancellationToken cancellationToken)
    {
        var tasks = await WithHistoryAsync(saved, cancellationToken);
        foreach (var ns in tasks.Select(t => t.Metadata.Namespace!).Concat(saved.Pools.Select(p => (string)p["metadata"]!["namespace"]!)).Distinct(StringComparer.Ordinal)) await NamespaceAsync(ns, cancellationToken);
        foreach (var pool in saved.Pools) await CreateAsync(AnyPool, "AgentPool", pool["metadata"]!.AsObject(), pool["spec"]!.DeepClone().AsObject(), null, cancellationToken);
        var lines = new List<string>();
        var (over, suspended) = (0, 0);
        var before = 0;
        using var progress = new Output.Progress();
        foreach (var (i, task) in tasks.Index())
        {
            progress.Tell($"restoring tasks, {i + 1} of {tasks.Count}");
            if (_there.TryGetValue(KeyOf(task), out var there))
            {
                before++;
                if (await FinishAsync(there, task, cancellationToken) is { } left) lines.Add(left);
                continue;
            }
            await TaskAsync(task, cancellationToken);
            if (task.Status.Phase.IsTerminal()) over++;
            else suspended++;
            if (IsUncertain(task)) lines.Add(Look(task));
        }
        return [$"pools: {saved.Pools.Count}", $"tasks: {over} that are over, {suspended} suspended (berth resume TASK; each plans anew and needs a new approval)", .. before == 0 ? Array.Empty<string>() : [$"tasks that were restored before: {before}"], .. lines];
    }

    /// <summary>A restore that broke off may have made a task that is over and not said so.</summary>
    /// <summary>What of an archive would come back, and how. What a database that is there knows better is not looked at.</summary>
    public static IEnumerable<string> Forecast(ClusterResources saved)
    {
        var tasks = saved.Tasks.Select(t => t.Deserialize(BerthJson.Default.TaskResource)!).ToList();
        var over = tasks.Count(t => t.Status.Phase.IsTerminal());
        yield return $"pools: {saved.Pools.Count}";
        yield return $"tasks: {over} that are over, {tasks.Count - over} suspended";
        foreach (var task in tasks.Where(IsUncertain)) yield return Look(task);
    }

    private static bool IsUncertain(TaskResource task) => task.Status.Phase.MayRun() || task.Status.Phase == TaskPhase.ApplyLost;

    private static string Look(TaskResource task) =>
        $"LOOK: task {task.Metadata.Namespace}/{task.Metadata.Name} was {task.Status.Phase}; what its attempt {task.Status.Attempt?.Id} did is not known. Find out before you resume it.";

    private async Task<string?> FinishAsync(TaskResource there, TaskResource task, CancellationToken cancellationToken)
    {
        if (!task.Status.Phase.IsTerminal() || there.Metadata.Annotations?.ContainsKey(Names.RestoringAnnotation) != true) return null;
        if (there.Status.QueuedAt is not null && !there.Status.Phase.IsTerminal())
            return $"LOOK: task {KeyOf(task)} was {task.Status.Phase}, and a restore that broke off left it suspended. Do not resume it; delete it, and restore again.";
        await OverAsync(task, cancellationToken);
        return null;
    }

    /// <summary>The archive's tasks as the database last knew them, and those that came after the archive and are not deleted.</summary>
    private async Task<IReadOnlyList<TaskResource>> WithHistoryAsync(ClusterResources saved, CancellationToken cancellationToken)
    {
        var tasks = saved.Tasks.Select(t => t.Deserialize(BerthJson.Default.TaskResource)!).ToDictionary(t => t.Metadata.Uid, StringComparer.Ordinal);
        var known = (await store.ListTasksAsync(new TaskFilter { Limit = Most }, cancellationToken)).ToDictionary(t => t.Uid, StringComparer.Ordinal);
        // What an earlier restore made of a task counts, not the task of the archive.
        var restored = (await store.GetRestoredAsync(cancellationToken)).ToLookup(l => l.Uid, l => l.As, StringComparer.Ordinal);
        foreach (var (uid, task) in tasks.ToList())
        {
            if (!known.TryGetValue(uid, out var summary)) continue;
            if (summary.DeletedAt is not null || restored[uid].Any(known.ContainsKey)) tasks.Remove(uid);
            else if (await store.GetStoryAsync(uid, cancellationToken) is { Status: { } status } && status.History.Seq >= task.Status.History.Seq) tasks[uid] = task with { Status = status };
        }
        foreach (var summary in known.Values.Where(k => k.DeletedAt is null && k.CreatedAt > saved.At - ClockSkew && !tasks.ContainsKey(k.Uid)))
            if (await store.GetStoryAsync(summary.Uid, cancellationToken) is { Spec: { } spec, Status: { } status })
                tasks[summary.Uid] = new TaskResource { Metadata = new ResourceMeta { Uid = summary.Uid, Name = summary.Name, Namespace = summary.Namespace, CreationTimestamp = summary.CreatedAt }, Spec = spec, Status = status };
        // One name, one object: of those that share it the newest lives.
        return [.. tasks.Values.GroupBy(t => (t.Metadata.Namespace, t.Metadata.Name)).Select(g => g.OrderByDescending(t => t.Metadata.CreationTimestamp).First()).OrderBy(t => t.Metadata.CreationTimestamp)];
    }

    private async Task TaskAsync(TaskResource task, CancellationToken cancellationToken)
    {
        var meta = JsonSerializer.SerializeToNode(task.Metadata, BerthJson.Default.ResourceMeta)!.AsObject();
        var spec = JsonSerializer.SerializeToNode(task.Spec, BerthJson.Default.TaskSpec)!.AsObject();
        var wanted = task.Spec.DesiredState;
        // Suspended from the first moment: an operator that runs already starts nothing in between.
        if (wanted != DesiredState.Stopped || !task.Status.Phase.IsTerminal()) spec["desiredState"] = nameof(DesiredState.Suspended);
        var marks = new JsonObject { [Names.RestoredFromAnnotation] = task.Metadata.Uid };
        if (task.Status.Phase.IsTerminal()) marks[Names.RestoringAnnotation] = "true";
        var made = await CreateAsync(AnyTask, "Task", meta, spec, marks, cancellationToken);
        await store.WriteRestoredAsync(task.Metadata.Namespace!, task.Metadata.Name, task.Metadata.Uid, (string)made!["metadata"]!["uid"]!, actor, cancellationToken);
        if (task.Status.Phase.IsTerminal()) await OverAsync(task, cancellationToken);
    }

    private async Task OverAsync(TaskResource task, CancellationToken cancellationToken)
    {
        var key = KeyOf(task);
        var status = JsonSerializer.SerializeToNode(Over(task), BerthJson.Default.TaskStatus)!;
        try
        {
            await client.PatchAsync(AnyTask, key, Patch.Merge(new JsonObject { ["status"] = status }), "status", cancellationToken: cancellationToken);
        }
        catch (KubernetesException error) when (error.IsForbidden || error.IsInvalid)
        {
            throw new CliException(ExitCodes.Failed, $"The status of task {key} may not be written: {error.Status.Message}. Restore as a member of a group that admission.guard.trustedGroups of the chart lists (system:masters by default), or before the chart's policies are installed. Task {key} is suspended; the rest was not restored: go on with --resources-only.");
        }
        var last = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Names.RestoringAnnotation] = null } } };
        if (task.Spec.DesiredState == DesiredState.Running) last["spec"] = new JsonObject { ["desiredState"] = nameof(DesiredState.Running) };
        await client.PatchAsync(AnyTask, key, Patch.Merge(last), cancellationToken: cancellationToken);
    }

    /// <summary>How it ended, and nothing by which anything could go on: no slot, no attempt, no inputs, no grant, an empty outbox.</summary>
    private static Api.TaskStatus Over(TaskResource task) => task.Status with
    {
        ObservedRequeue = task.Spec.Requeue ?? 0,
        QueuedAt = task.Status.QueuedAt ?? task.Metadata.CreationTimestamp,
        Slot = null,
        Attempt = null,
        Inputs = null,
        Grant = null,
        NotBefore = null,
        History = new OutboxStatus(),
    };

    private static ObjectKey KeyOf(TaskResource task) => new(task.Metadata.Namespace, task.Metadata.Name);

    private async Task NamespaceAsync(string ns, CancellationToken cancellationToken)
    {
        if (await client.TryGetAsync(Resources.Namespaces, new ObjectKey(ns), cancellationToken) is null)
            await client.CreateAsync(Resources.Namespaces, new Namespace { Metadata = new() { Name = ns } }, cancellationToken: cancellationToken);
    }

    private async Task<JsonObject?> CreateAsync(ResourceType<JsonObject> type, string kind, JsonObject meta, JsonObject spec, JsonObject? marks, CancellationToken cancellationToken)
    {
        var annotations = meta["annotations"]?.DeepClone().AsObject() ?? [];
        annotations.Remove("kubectl.kubernetes.io/last-applied-configuration");
        foreach (var (name, value) in marks ?? []) annotations[name] = value?.DeepClone();
        var metadata = new JsonObject { ["name"] = (string?)meta["name"], ["namespace"] = (string?)meta["namespace"], ["labels"] = meta["labels"]?.DeepClone(), ["annotations"] = annotations };
        try
        {
            return await client.CreateAsync(type, new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = kind, ["metadata"] = metadata, ["spec"] = spec }, (string?)meta["namespace"], cancellationToken: cancellationToken);
        }
        catch (KubernetesException error) when (error.IsAlreadyExists && kind == "AgentPool")
        {
            // The pool was made before the restore; it is as good.
            return null;
        }
    }
}
