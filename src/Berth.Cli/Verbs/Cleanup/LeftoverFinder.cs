using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Steer;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Cleanup;

/// <summary>Finds what should not be there any more.</summary>
internal sealed class LeftoverFinder(ClusterSession session, string? ns, TimeSpan after)
{
    // Nothing but a person, or something that is created meanwhile, ends these; an apply is never among them.
    private static readonly string[] CannotBegin = [Reasons.PoolNotFound, Reasons.PolicyForbids, Reasons.InvalidSpec, Reasons.InputMissing, Reasons.SecretForbidden];
    private static readonly TaskPhase[] MayBeStopped = [TaskPhase.Pending, TaskPhase.Planning, TaskPhase.Running];

    /// <summary>Tasks that stand still and will go on standing still. A lost or running apply is only a person's to decide: it is left alone.</summary>
    /// <summary>What was freed of finalizers. No operator is there to write it down.</summary>
    public List<AuditRecord> Freed { get; } = [];

    public async Task<IReadOnlyList<Leftover>> StuckAsync(CancellationToken cancellationToken)
    {
        var tasks = (await session.Client.ListAllAsync(BerthResources.Tasks, ns, cancellationToken: cancellationToken)).Items;
        return [.. from task in tasks
                   let stalled = task.Status.Conditions.FirstOrDefault(c => c is { Type: "Stalled", Status: ConditionStatus.True })
                   where stalled is not null && IsOld(stalled.LastTransitionTime) && MayBeStopped.Contains(task.Status.Phase) && (CannotBegin.Contains(stalled.Reason) || stalled.Reason == Reasons.OutputSilent)
                   select new Leftover($"task {task.Metadata.Namespace}/{task.Metadata.Name}", $"{stalled.Reason} for {Ages.Since(stalled.LastTransitionTime)}: {stalled.Message ?? task.Status.Message}", "stop",
                       (act, stop) => act.ChangeAsync(BerthResources.Tasks, new(task.Metadata.Namespace, task.Metadata.Name), new() { ["spec"] = new JsonObject { ["desiredState"] = nameof(DesiredState.Stopped) } }, stop, task.Metadata.Generation))];
    }

    /// <summary>Agent pods without a pool, and approvals without a task.</summary>
    public async Task<IReadOnlyList<Leftover>> ZombiesAsync(CancellationToken cancellationToken)
    {
        var pools = (await session.Client.ListAllAsync(BerthResources.Pools, ns, cancellationToken: cancellationToken)).Items.Select(p => (p.Metadata.Namespace, p.Metadata.Name)).ToHashSet();
        var pods = (await session.Client.ListAllAsync(Resources.Pods, ns, new() { LabelSelector = Names.PoolLabel }, cancellationToken)).Items;
        var tasks = (await session.Client.ListAllAsync(BerthResources.Tasks, ns, cancellationToken: cancellationToken)).Items.Select(t => t.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        var approvals = (await session.Client.ListAllAsync(BerthResources.Approvals, ns, cancellationToken: cancellationToken)).Items;
        return
        [
            .. pods.Where(p => !pools.Contains((p.Metadata.Namespace, p.Metadata.Label(Names.PoolLabel)!)) && p.Metadata.DeletionTimestamp is null && IsOld(p.Metadata.CreationTimestamp))
                .Select(p => new Leftover($"pod {p.Metadata.Namespace}/{p.Metadata.Name}", $"its pool {p.Metadata.Label(Names.PoolLabel)} does not exist", "delete",
                    (act, stop) => act.DeleteAsync(Resources.Pods, new(p.Metadata.Namespace, p.Metadata.Name!), p.Metadata.Uid!, stop))),
            .. approvals.Where(a => !tasks.Contains(a.Spec.TaskRef.Uid) && IsOld(a.Metadata.CreationTimestamp))
                .Select(a => new Leftover($"approval {a.Metadata.Namespace}/{a.Metadata.Name}", $"its task {a.Spec.TaskRef.Name} is gone", "delete",
                    (act, stop) => act.DeleteAsync(BerthResources.Approvals, new(a.Metadata.Namespace, a.Metadata.Name), a.Metadata.Uid, stop))),
        ];
    }

    /// <summary>Objects that were asked to go, and that nothing but our finalizers holds.</summary>
    public async Task<IReadOnlyList<Leftover>> FinalizersAsync(CancellationToken cancellationToken)
    {
        var found = new List<Leftover>();
        foreach (var task in (await session.Client.ListAllAsync(BerthResources.Tasks, ns, cancellationToken: cancellationToken)).Items)
            if (IsHeld(task.Metadata.DeletionTimestamp, task.Metadata.Finalizers, Names.TaskFinalizer))
                found.Add(Free(BerthResources.Tasks, "task", new(task.Metadata.Namespace, task.Metadata.Name), task.Metadata.ResourceVersion, task.Metadata.Finalizers!, Names.TaskFinalizer, $"{task.Status.Phase}; its unwritten history and the proof that nothing of it runs are given up"));
        foreach (var pool in (await session.Client.ListAllAsync(BerthResources.Pools, ns, cancellationToken: cancellationToken)).Items)
            if (IsHeld(pool.Metadata.DeletionTimestamp, pool.Metadata.Finalizers, Names.PoolFinalizer))
                found.Add(Free(BerthResources.Pools, "pool", new(pool.Metadata.Namespace, pool.Metadata.Name), pool.Metadata.ResourceVersion, pool.Metadata.Finalizers!, Names.PoolFinalizer, $"{pool.Status.Replicas} pods of it may still be there"));
        foreach (var pod in (await session.Client.ListAllAsync(Resources.Pods, ns, new() { LabelSelector = Names.PoolLabel }, cancellationToken)).Items)
            if (IsHeld(pod.Metadata.DeletionTimestamp, pod.Metadata.Finalizers, Names.FenceFinalizer))
                found.Add(Free(Resources.Pods, "pod", new(pod.Metadata.Namespace, pod.Metadata.Name!), pod.Metadata.ResourceVersion, pod.Metadata.Finalizers!, Names.FenceFinalizer, "the evidence whether its processes are dead is given up"));
        return found;
    }

    // With the version that was looked at: what changed meanwhile is looked at again. The note comes first, as the object goes with its last finalizer.
    private Leftover Free<T>(ResourceType<T> type, string word, ObjectKey key, string? version, IReadOnlyList<string> finalizers, string ours, string why) where T : class => new(
        $"{word} {key}", why, $"take {ours} off",
        async (act, stop) =>
        {
            var noted = await act.ChangeAsync(type, key, new() { ["metadata"] = new JsonObject { ["resourceVersion"] = version } }, stop);
            await act.ChangeAsync(type, key, new()
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = type.Identify(noted).ResourceVersion, ["finalizers"] = new JsonArray([.. finalizers.Where(f => f != ours).Select(f => (JsonNode)JsonValue.Create(f))]) },
            }, stop);
            Freed.Add(new AuditRecord
            {
                // The identity of the note: an operator that sees it after all writes nothing twice.
                Id = act.Last!.Id,
                At = act.Last.At,
                Actor = act.By,
                Verb = act.Last.Verb,
                Kind = type.Kind,
                Namespace = key.Namespace,
                Name = key.Name,
                Uid = type.Identify(noted).Uid,
                Outcome = "Done",
                DetailJson = new JsonObject { ["comment"] = act.Last.Comment, ["finalizer"] = ours, ["givenUp"] = why }.ToJsonString(),
            });
        });

    private bool IsHeld(DateTimeOffset? deleted, IReadOnlyList<string>? finalizers, string ours) => deleted is not null && IsOld(deleted) && finalizers?.Contains(ours) == true;

    private bool IsOld(DateTimeOffset? since) => since is { } at && DateTimeOffset.UtcNow - at > after;
}
