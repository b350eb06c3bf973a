using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Berth.Api;
using Berth.Core.Approvals;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Leadership;
using Berth.Operator.Options;

namespace Berth.Operator.History;

/// <summary>
/// Derives the audit from what the cluster shows: Approvals name their approver; the verbs of the command line leave a note on what they
/// change; a spec that was changed without one is laid at the program that the managed fields name. Ids follow from the object, so that the
/// next leader, which sees the same, writes nothing twice.
/// </summary>
internal sealed class VerbAudit(KubernetesClient client, ClusterCache cache, HistoryWriter writer, LeaderState leader, OperatorOptions options, TimeProvider time, ILogger<VerbAudit> log)
{
    private static readonly TimeSpan NoteHolds = TimeSpan.FromMinutes(5);
    private static readonly ResourceType AnyTask = Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true);
    private readonly Channel<(TaskResource? Before, TaskResource After)> _changes = Channel.CreateBounded<(TaskResource?, TaskResource)>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Records what a part of the operator did for a person whom it knows.</summary>
    public void Record(AuditRecord record) => writer.Note(record);

    /// <summary>A decision got its verdict.</summary>
    public void Judged(ApprovalResource approval, ApprovalVerdict verdict) => writer.Note(new AuditRecord
    {
        Id = IdOf(approval.Metadata.Uid, "verdict"),
        At = approval.Metadata.CreationTimestamp ?? time.GetUtcNow(),
        Actor = approval.Spec.Approver,
        Verb = VerbOf(approval.Spec.Decision),
        Kind = "Task",
        Namespace = approval.Metadata.Namespace,
        Name = approval.Spec.TaskRef.Name,
        Uid = approval.Spec.TaskRef.Uid,
        Outcome = verdict.Reason,
        DetailJson = new JsonObject { ["approval"] = approval.Metadata.Name, ["comment"] = approval.Spec.Comment, ["digest"] = approval.Spec.Digest }.ToJsonString(),
    });

    /// <summary>The cache told of a task: notes it if a person did something.</summary>
    public void Seen(InformerEvent<KeptTask> change)
    {
        if (leader.Term is null) return;
        if (change.Type == InformerEventType.Deleted)
        {
            // Without finalizers it goes at once; with them it was noted when it began to go, under the same id.
            var gone = change.Object.Task;
            writer.Note(Deleted(gone, gone.Metadata.DeletionTimestamp ?? time.GetUtcNow()));
            return;
        }
        if (change.Type != InformerEventType.Updated || change.Old is not { } was || was.Identity.Uid != change.Object.Identity.Uid) return;
        var (before, after) = (was.Task, change.Object.Task);
        var noted = Noted("Task", after.Metadata, before.Metadata.Annotations);
        var deleted = before.Metadata.DeletionTimestamp is null && after.Metadata.DeletionTimestamp is not null;
        if (deleted || (!noted && before.Metadata.Generation != after.Metadata.Generation)) _changes.Writer.TryWrite((before, after));
    }

    /// <summary>The cache told of a pool.</summary>
    public void Seen(InformerEvent<AgentPoolResource> change)
    {
        if (leader.Term is not null && change.Type == InformerEventType.Deleted) writer.Note(Deleted("AgentPool", change.Object.Metadata, change.Object.Metadata.DeletionTimestamp ?? time.GetUtcNow()));
        if (leader.Term is not null && change.Type != InformerEventType.Deleted) Noted("AgentPool", change.Object.Metadata, change.Old?.Metadata.Annotations);
    }

    /// <summary>The cache told of an agent pod.</summary>
    public void Seen(InformerEvent<Pod> change)
    {
        if (leader.Term is not null && change.Type != InformerEventType.Deleted) Noted("Pod", Reduced(change.Object.Metadata), change.Old?.Metadata.Annotations);
    }

    /// <summary>The cache told of an Approval.</summary>
    public void Seen(InformerEvent<ApprovalResource> change)
    {
        if (leader.Term is not null && change.Type != InformerEventType.Deleted) Noted("Approval", change.Object.Metadata, change.Old?.Metadata.Annotations);
    }

    /// <summary>Works for one term: first what was noted or changed while nobody led, then what comes.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var task in cache.Tasks.Kept().Where(t => !t.IsQuiet || t.HasActionNote).Select(t => t.Task))
            if (!Noted("Task", task.Metadata, null) && task.Metadata.Generation > 1 && task.Metadata.Generation > task.Status.ObservedGeneration) _changes.Writer.TryWrite((null, task));
        foreach (var pool in cache.Pools.Store.List()) Noted("AgentPool", pool.Metadata, null);
        foreach (var approval in cache.Approvals.Store.List()) Noted("Approval", approval.Metadata, null);
        foreach (var key in cache.Pods.Keys())
            if (cache.Pods.Get(key) is { } pod) Noted("Pod", Reduced(pod.Metadata), null);
        await ReadLeaseAsync(cancellationToken);
        await foreach (var (before, after) in _changes.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await RecordAsync(before, after, cancellationToken);
            }
            catch (KubernetesException e)
            {
                log.LogWarning("Who changed task {Task} cannot be read now: {Message}", after.Metadata.Key(), e.Message);
            }
        }
    }

    /// <summary>Who takes the lease from a leader leaves a note there, and the next leader finds it.</summary>
    private async Task ReadLeaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await client.TryGetAsync(Resources.Leases, new ObjectKey(options.Operator.Namespace, options.Lease.Name), cancellationToken) is { Metadata: var meta }) Noted("Lease", Reduced(meta), null);
        }
        catch (KubernetesException e)
        {
            log.LogWarning("Whether somebody asked for another leader cannot be read now: {Message}", e.Message);
        }
    }

    private static ResourceMeta Reduced(ObjectMeta meta) => new() { Name = meta.Name ?? "", Namespace = meta.Namespace, Uid = meta.Uid ?? "", Annotations = meta.Annotations };

    /// <summary>A note that was not there before is one act.</summary>
    private bool Noted(string kind, ResourceMeta meta, IReadOnlyDictionary<string, string>? before)
    {
        var text = meta.Annotations?.GetValueOrDefault(Names.ActionAnnotation);
        if (text is null || text == before?.GetValueOrDefault(Names.ActionAnnotation) || ActionNote.Read(text) is not { } note || note.Id == Guid.Empty) return false;
        // Whether it is really deleted shows when it goes.
        if (note.Verb == AuditRecord.Delete) return true;
        writer.Note(new AuditRecord
        {
            Id = note.Id,
            At = note.At,
            Actor = note.By,
            Verb = note.Verb,
            Kind = kind,
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            Outcome = "Requested",
            DetailJson = new JsonObject { ["comment"] = note.Comment, ["generation"] = meta.Generation, ["checked"] = ChangedBy.Read(meta) == note.By }.ToJsonString(),
        });
        return true;
    }

    /// <summary>What was asked for, in the words of the CLI.</summary>
    public static IReadOnlyList<string> Verbs(TaskResource? before, TaskResource after)
    {
        var (now, was) = (after.Spec, before?.Spec);
        var verbs = new List<string>();
        if (was is null ? now.DesiredState != DesiredState.Running : now.DesiredState != was.DesiredState)
            verbs.Add(now.DesiredState switch { DesiredState.Suspended => "suspend", DesiredState.Stopped => "stop", _ => "resume" });
        if ((now.Requeue ?? 0) > (was is null ? after.Status.ObservedRequeue : was.Requeue ?? 0)) verbs.Add("requeue");
        if (was is not null && now.Priority != was.Priority) verbs.Add("prioritize");
        if (was is not null && now.TtlAfterFinished != was.TtlAfterFinished) verbs.Add("set-ttl");
        if (verbs.Count == 0 && (was is null || before!.Metadata.Generation != after.Metadata.Generation) && after.Metadata.DeletionTimestamp is null) verbs.Add("change");
        return verbs;
    }

    private async Task RecordAsync(TaskResource? before, TaskResource after, CancellationToken cancellationToken)
    {
        var meta = after.Metadata;
        if (before is not null && before.Metadata.DeletionTimestamp is null && meta.DeletionTimestamp is { } deleted) writer.Note(Deleted(after, deleted));
        if (before?.Metadata.Generation == meta.Generation || Verbs(before, after) is not { Count: > 0 } verbs) return;
        var (program, at) = await ProgramAsync(meta, cancellationToken);
        foreach (var verb in verbs)
            writer.Note(Of(after, verb, at ?? time.GetUtcNow()) with
            {
                Id = IdOf(meta.Uid, $"{meta.Generation} {verb}"),
                Actor = ChangedBy.Read(meta) ?? $"via {program ?? "an unknown program"}",
                DetailJson = new JsonObject { ["generation"] = meta.Generation, ["program"] = program, ["desiredState"] = after.Spec.DesiredState.ToString(), ["requeue"] = after.Spec.Requeue }.ToJsonString(),
            });
    }

    private static AuditRecord Deleted(TaskResource task, DateTimeOffset at)
    {
        var isOver = Durations.OrNull(task.Spec.TtlAfterFinished) is { } ttl && task.Status.FinishedAt is { } finished && finished + ttl <= at.AddSeconds(1);
        var record = Deleted("Task", task.Metadata, at);
        return isOver && record.DetailJson is null ? record with { Actor = "ttlAfterFinished" } : record;
    }

    /// <summary>The API server does not tell controllers who deletes; its own audit log does. The command line says so in a note just before.</summary>
    internal static AuditRecord Deleted(string kind, ResourceMeta meta, DateTimeOffset at)
    {
        var note = ActionNote.Read(meta.Annotations?.GetValueOrDefault(Names.ActionAnnotation)) is { Verb: AuditRecord.Delete } said && (at - said.At).Duration() < NoteHolds ? said : null;
        return new()
        {
            Id = IdOf(meta.Uid, AuditRecord.Delete),
            // The time is in the key of the table: it must be the same whoever writes it again.
            At = at,
            Actor = note?.By ?? "via the API server",
            Verb = AuditRecord.Delete,
            Kind = kind,
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            Outcome = "Requested",
            DetailJson = note is null ? null : new JsonObject { ["comment"] = note.Comment, ["noted"] = true }.ToJsonString(),
        };
    }

    private static AuditRecord Of(TaskResource task, string verb, DateTimeOffset at) => new()
    {
        At = at,
        Verb = verb,
        Kind = "Task",
        Namespace = task.Metadata.Namespace,
        Name = task.Metadata.Name,
        Uid = task.Metadata.Uid,
        Outcome = "Requested",
    };

    /// <summary>The program that last wrote the spec, and when.</summary>
    private async Task<(string? Program, DateTimeOffset? At)> ProgramAsync(ResourceMeta meta, CancellationToken cancellationToken)
    {
        var live = await client.TryGetAsync((ResourceType<JsonObject>)AnyTask, meta.Key(), cancellationToken);
        if ((string?)live?["metadata"]?["uid"] != meta.Uid) return (null, null);
        return (live!["metadata"]!["managedFields"]?.AsArray() ?? [])
            .Where(f => f?["subresource"] is null && f?["fieldsV1"]?["f:spec"] is not null)
            .Select(f => ((string?)f!["manager"], At: DateTimeOffset.TryParse((string?)f["time"], System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : (DateTimeOffset?)null))
            .OrderByDescending(f => f.At).FirstOrDefault();
    }

    private static string VerbOf(ApprovalDecision decision) => decision switch
    {
        ApprovalDecision.ConfirmDead => "confirm-dead",
        ApprovalDecision.MarkSucceeded => "mark-succeeded",
        ApprovalDecision.MarkFailed => "mark-failed",
        _ => decision.ToString().ToLowerInvariant(),
    };

    private static Guid IdOf(string uid, string what) => new(SHA256.HashData(Encoding.UTF8.GetBytes($"berth audit {uid} {what}")).AsSpan(0, 16));
}
