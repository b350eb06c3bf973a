using System.Collections.Concurrent;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;

namespace Berth.Operator.History;

/// <summary>
/// Tasks that must go while the database is away leave their history in a ConfigMap of the operator's namespace, one each. Once the database
/// is back it is written there as if it had come from the task's status (what is there already is compared, not written again), and only
/// then is the ConfigMap deleted. What people did meanwhile is kept in the same way: nothing else may show it any more after a restart.
/// </summary>
internal sealed class HistorySpill(
    KubernetesClient client, HistoryStore store, ClusterCache cache, HistoryWriter writer, HistoryCondition condition, OperatorEvents events, OperatorOptions options, TimeProvider time, ILogger<HistorySpill> log) : IDisposable
{
    private const string Key = "history.json";
    // Of at most a kilobyte each, as a rule: a ConfigMap takes a megabyte.
    private const int AuditsTogether = 500;
    private static readonly TimeSpan GatherAudits = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, long> _spilled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _unreadable = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> _spilledAudit = [];
    private readonly SemaphoreSlim _wake = new(0);
    private int _waiting = -1;

    /// <summary>Raised with the key of a task whose history is safe in a ConfigMap.</summary>
    public event Action<ObjectKey>? Spilled;

    /// <summary>ConfigMaps that wait for the database.</summary>
    public int Waiting => Math.Max(0, Volatile.Read(ref _waiting));

    /// <summary>Up to which number a task's transitions are safe in a ConfigMap.</summary>
    public long SpilledOf(string uid) => _spilled.GetValueOrDefault(uid);

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(string uid) => _spilled.TryRemove(uid, out _);

    /// <summary>Keeps what the database could not take. Doing it again replaces it.</summary>
    public async Task SaveAsync(TaskResource task, CancellationToken cancellationToken)
    {
        var uid = task.Metadata.Uid;
        if (SpilledOf(uid) >= task.Status.History.Seq) return;
        var history = new SpilledTask
        {
            Outbox = TransitionBatch.From(task),
            Attempts = task.Status.Attempt is { } attempt ? [AttemptRecord.Of(uid, attempt)] : [],
            Approvals = [.. cache.Approvals.Store.ByIndex(ClusterCache.ByTask, $"{task.Metadata.Namespace}/{task.Metadata.Name}").Where(a => a.Spec.TaskRef.Uid == uid)],
        };
        var map = MapOf(NameOf(uid), Key, history.ToJson());
        try
        {
            await WriteAsync(map, Key, cancellationToken);
        }
        catch (KubernetesException e) when (e.IsForbidden)
        {
            events.TaskWaits(task, Reasons.HistoryDegraded, $"the task cannot go: the database is away, and the operator may not keep its history in ConfigMap {map.Metadata.Namespace}/{map.Metadata.Name}; grant it list, create, patch and delete on configmaps there, or bring the database back");
            throw;
        }
        log.LogWarning("{Reason}: task {Namespace}/{Task} goes while the database is away; its last {Count} transitions wait in ConfigMap {ConfigMap}", Reasons.HistoryDegraded, task.Metadata.Namespace, task.Metadata.Name, history.Outbox.Entries.Count, map.Metadata.Name);
        _spilled[uid] = task.Status.History.Seq;
        Waits();
        Spilled?.Invoke(task.Metadata.Key());
    }

    /// <summary>Keeps for one term what people do while the database is away.</summary>
    public async Task KeepAuditAsync(CancellationToken cancellationToken)
    {
        using var waits = new SemaphoreSlim(0);
        void Waits()
        {
            if (waits.CurrentCount == 0) waits.Release();
        }
        writer.AuditWaits += Waits;
        try
        {
            while (true)
            {
                await waits.WaitAsync(cancellationToken);
                await Task.Delay(GatherAudits, time, cancellationToken);
                await SaveAuditAsync(cancellationToken);
            }
        }
        finally
        {
            writer.AuditWaits -= Waits;
        }
    }

    /// <summary>Keeps the acts that wait and are not kept yet.</summary>
    public async Task SaveAuditAsync(CancellationToken cancellationToken)
    {
        var waiting = writer.WaitingAudit;
        _spilledAudit.IntersectWith(waiting.Select(a => a.Id));
        foreach (var acts in waiting.Where(a => !_spilledAudit.Contains(a.Id)).OrderBy(a => a.At).Chunk(AuditsTogether))
        {
            var map = MapOf(SpilledActs.NameOf(acts[0].Id), SpilledActs.Key, SpilledActs.Write(acts));
            try
            {
                await WriteAsync(map, SpilledActs.Key, cancellationToken);
            }
            catch (KubernetesException e)
            {
                log.LogError("{Count} acts of people are not in the database and could not be kept in ConfigMap {ConfigMap} either: {Message} They are lost if this process ends before the database is back", acts.Length, map.Metadata.Name, e.Message);
                return;
            }
            foreach (var act in acts) _spilledAudit.Add(act.Id);
            Waits();
        }
    }

    /// <summary>Drains for one term. Lists once at its beginning, and then only while something may wait.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _waiting, -1);
        while (true)
        {
            if (_waiting != 0 && condition.Trouble is not { Use: HistoryUse.Probe or HistoryUse.Migration }) await DrainAsync(cancellationToken);
            await _wake.WaitAsync(_waiting == 0 ? LookAgain : Every, cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _wake.Dispose();

    private void Waits()
    {
        if (_waiting >= 0) Interlocked.Increment(ref _waiting);
        _wake.Release();
    }

    private ConfigMap MapOf(string name, string key, string json) => new()
    {
        Metadata = new() { Name = name, Namespace = options.Operator.Namespace, Labels = new Dictionary<string, string> { [Names.SpillLabel] = "true" } },
        Data = new Dictionary<string, string> { [key] = json },
    };

    private static string NameOf(string uid) => "berth-outbox-" + uid;

    private async Task WriteAsync(ConfigMap map, string key, CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateAsync(Resources.ConfigMaps, map, map.Metadata.Namespace, cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.IsAlreadyExists)
        {
            // Kept by a leader before, maybe with less.
            var data = new System.Text.Json.Nodes.JsonObject { ["data"] = new System.Text.Json.Nodes.JsonObject { [key] = map.Data![key] } };
            await client.PatchAsync(Resources.ConfigMaps, new ObjectKey(map.Metadata.Namespace, map.Metadata.Name!), Patch.Merge(data), cancellationToken: cancellationToken);
        }
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.ListAsync(Resources.ConfigMaps, options.Operator.Namespace, new ListOptions { LabelSelector = Names.SpillLabel + "=true" }, cancellationToken);
            Volatile.Write(ref _waiting, found.Items.Count);
            foreach (var map in found.Items.OrderBy(m => m.Metadata.CreationTimestamp)) await DrainAsync(map, cancellationToken);
        }
        catch (HistoryUnavailableException e)
        {
            condition.Failed(HistoryUse.Records, e);
        }
        catch (KubernetesException e)
        {
            log.LogWarning("Spilled history cannot be listed or cleared now: {Message}", e.Message);
        }
    }

    private async Task DrainAsync(ConfigMap map, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(options.Operator.Namespace, map.Metadata.Name!);
        if (map.Data?.GetValueOrDefault(SpilledActs.Key) is { } audit && SpilledActs.Read(audit) is { } acts)
        {
            await store.WriteAuditAsync(acts, cancellationToken);
            await DoneAsync(map, cancellationToken);
            return;
        }
        if (map.Data?.GetValueOrDefault(Key) is not { } json || SpilledTask.FromJson(json) is not { } history)
        {
            if (_unreadable.TryAdd(map.Metadata.Uid ?? key.Name, 0)) log.LogError("ConfigMap {ConfigMap} is labelled as spilled history and cannot be read; look at it, and delete it if it is not Berth's", key);
            return;
        }
        var written = await store.WriteSpilledAsync(history, cancellationToken);
        if (written.Acknowledged.GetValueOrDefault(history.Outbox.Task.Uid) < history.Outbox.Task.Status.History.Seq)
        {
            log.LogError("ConfigMap {ConfigMap} holds transitions that do not follow on what the database has; it stays until they do", key);
            return;
        }
        await DoneAsync(map, cancellationToken);
        log.LogInformation("History of task {Namespace}/{Task}, which went while the database was away, is written ({Ago} later)", history.Outbox.Task.Namespace, history.Outbox.Task.Name, Durations.Describe(time.GetUtcNow() - (map.Metadata.CreationTimestamp ?? time.GetUtcNow())));
    }

    private async Task DoneAsync(ConfigMap map, CancellationToken cancellationToken)
    {
        await client.DeleteAsync(Resources.ConfigMaps, new ObjectKey(options.Operator.Namespace, map.Metadata.Name!), new DeleteOptions { Uid = map.Metadata.Uid }, cancellationToken);
        Interlocked.Decrement(ref _waiting);
    }
}
