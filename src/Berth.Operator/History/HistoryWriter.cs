using System.Collections.Concurrent;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Telemetry;

namespace Berth.Operator.History;

/// <summary>
/// Carries outboxes to the database in bulk. Whatever it forgets is in the tasks' statuses; an acknowledgement is noted there with the
/// next write.
/// </summary>
internal sealed class HistoryWriter(HistoryStore store, ClusterCache cache, HistoryCondition health, OperatorMetrics metrics, TimeProvider time, ILogger<HistoryWriter> log) : IDisposable
{
    private const int BatchTasks = 500;
    private const int MostRecords = 20_000;
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _pending = new();
    private readonly ConcurrentDictionary<string, ApprovalResource> _approvals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, AuditRecord> _audit = new();
    private readonly ConcurrentDictionary<Guid, AlertRecord> _alerts = new();
    private readonly ConcurrentDictionary<string, long> _acknowledged = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Raised with the key of a task whose transitions are in the database.</summary>
    public event Action<ObjectKey>? Acknowledged;

    /// <summary>Number of tasks with transitions to write.</summary>
    public int Depth => _pending.Count;

    /// <summary>How long the oldest of them has been waiting.</summary>
    public TimeSpan Lag => _pending.IsEmpty ? TimeSpan.Zero : time.GetUtcNow() - _pending.Values.Min();

    /// <summary>The highest number of a task's transitions that the database has.</summary>
    public long AcknowledgedOf(string uid) => _acknowledged.GetValueOrDefault(uid);

    /// <summary>Notes that a task has transitions to write.</summary>
    public void Enqueue(ObjectKey task)
    {
        if (_pending.TryAdd(task, time.GetUtcNow())) Wake();
    }

    /// <summary>Notes an Approval to write: with its verdict, or again.</summary>
    public void Note(ApprovalResource approval)
    {
        if (_approvals.Count >= MostRecords) return;
        _approvals[approval.Metadata.Uid] = approval;
        Wake();
    }

    /// <summary>Acts of people that are not written yet. Kept in memory; while the database is away <see cref="HistorySpill"/> keeps them safe.</summary>
    public IReadOnlyList<AuditRecord> WaitingAudit => [.. _audit.Values];

    /// <summary>Raised when acts of people wait that could not be written.</summary>
    public event Action? AuditWaits;

    /// <summary>Notes what a person was told of.</summary>
    public void Note(AlertRecord alert)
    {
        if (_alerts.Count < MostRecords && _alerts.TryAdd(alert.Id, alert)) Wake();
    }

    /// <summary>Notes what a person did.</summary>
    public void Note(AuditRecord record)
    {
        if (_audit.Count >= MostRecords || !_audit.TryAdd(record.Id, record)) return;
        Wake();
        if (health.Trouble is not null) AuditWaits?.Invoke();
    }

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(string uid) => _acknowledged.TryRemove(uid, out _);

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            await _wake.WaitAsync(failures == 0 ? Timeout.InfiniteTimeSpan : Pause(failures), cancellationToken);
            while (HasWork)
            {
                var wrote = await WriteAsync(cancellationToken);
                failures = wrote ? 0 : failures + 1;
                if (!wrote) break;
            }
        }
    }

    /// <summary>Writes what waits, once, on the way out.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (HasWork && await WriteAsync(cancellationToken))
        {
            // Each round takes a batch; a failing round ends the flush, and the rest stays in the statuses.
        }
    }

    /// <inheritdoc />
    public void Dispose() => _wake.Dispose();

    private bool HasWork => !_pending.IsEmpty || !_approvals.IsEmpty || !_audit.IsEmpty || !_alerts.IsEmpty;

    private void Wake()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    private async Task<bool> WriteAsync(CancellationToken cancellationToken)
    {
        var keys = _pending.Keys.Take(BatchTasks).ToList();
        var since = keys.ToDictionary(k => k, k => _pending.TryRemove(k, out var at) ? at : time.GetUtcNow());
        var tasks = keys.Select(cache.Tasks.Get).OfType<TaskResource>().Where(t => t.Status.History.Seq > 0).ToList();
        var began = time.GetTimestamp();
        try
        {
            await WriteRecordsAsync(cancellationToken);
            if (tasks.Count == 0)
            {
                // Nothing is left that could not be written.
                if (!HasWork) health.Succeeded(HistoryUse.Records);
                return true;
            }
            await store.WriteAttemptsAsync([.. tasks.Where(t => t.Status.Attempt is not null).Select(t => AttemptRecord.Of(t.Metadata.Uid, t.Status.Attempt!))], cancellationToken);
            var written = await store.WriteTransitionsAsync([.. tasks.Select(TransitionBatch.From)], cancellationToken);
            foreach (var difference in written.Differences) log.LogError("History of task {Uid} differs at {Seq}: stored {Stored}, offered {Offered}", difference.Uid, difference.Seq, difference.Stored, difference.Offered);
            foreach (var loss in written.Lost) log.LogError("History of task {Uid} lost entries {From} to {To} that were acknowledged once", loss.Uid, loss.From, loss.To);
            metrics.HistoryWritten(written.Inserted, time.GetElapsedTime(began));
            health.Succeeded(HistoryUse.Records);
            foreach (var task in tasks) Note(task, written.Acknowledged);
            return true;
        }
        catch (HistoryUnavailableException e)
        {
            foreach (var (key, at) in since) _pending.TryAdd(key, at);
            metrics.HistoryFailed(e.Reason.ToString());
            health.Failed(HistoryUse.Records, e);
            if (!_audit.IsEmpty) AuditWaits?.Invoke();
            return false;
        }
    }

    private async Task WriteRecordsAsync(CancellationToken cancellationToken)
    {
        await WriteSomeAsync(_approvals, approvals => store.WriteApprovalsAsync(approvals, cancellationToken));
        await WriteSomeAsync(_audit, audit => store.WriteAuditAsync(audit, cancellationToken));
        await WriteSomeAsync(_alerts, alerts => store.WriteAlertsAsync(alerts, cancellationToken));
    }

    // What came anew under the same key meanwhile stays.
    private static async Task WriteSomeAsync<TKey, TRecord>(ConcurrentDictionary<TKey, TRecord> waiting, Func<IReadOnlyList<TRecord>, Task> write) where TKey : notnull
    {
        var some = waiting.Take(BatchTasks).ToList();
        if (some.Count > 0) await write([.. some.Select(s => s.Value)]);
        foreach (var written in some) waiting.TryRemove(written);
    }

    private void Note(TaskResource task, IReadOnlyDictionary<string, long> acknowledged)
    {
        if (!acknowledged.TryGetValue(task.Metadata.Uid, out var seq) || seq <= AcknowledgedOf(task.Metadata.Uid)) return;
        _acknowledged[task.Metadata.Uid] = seq;
        Acknowledged?.Invoke(task.Metadata.Key());
    }

    private static TimeSpan Pause(int failures)
    {
        var pause = TimeSpan.FromMilliseconds(200 * Math.Pow(2, Math.Min(failures, 8)));
        return pause < MaxPause ? pause : MaxPause;
    }
}
