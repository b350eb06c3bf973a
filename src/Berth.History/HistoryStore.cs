using System.IO.Compression;
using Berth.Api;
using Berth.History.Archive;
using Berth.History.Artifacts;
using Berth.History.Connection;
using Berth.History.Logs;
using Berth.History.Outbox;
using Berth.History.Queries;
using Berth.History.Records;
using Berth.History.Retention;
using Berth.History.Schema;
using Npgsql;

namespace Berth.History;

/// <summary>
/// What stays when resources are gone. Every call either does all it says, committed, or throws: <see cref="HistoryUnavailableException"/>
/// when the database is the reason, within the time-outs of <see cref="HistoryOptions"/>. Every write may be repeated. Safe for concurrent use.
/// </summary>
public sealed class HistoryStore : IAsyncDisposable
{
    private readonly HistoryConnections connections;
    private readonly OutboxWriter outbox;
    private readonly ArtifactStore artifacts;
    private readonly CheckpointStore checkpoints;
    private readonly Cleaner cleaner;
    private readonly LogStore logs;
    private readonly TaskQueries queries;
    private readonly TimeProvider time;

    /// <summary>Connects (at the first call) with a connection string of either form that <see cref="HistoryConnectionString"/> reads.</summary>
    public HistoryStore(string connectionString, HistoryOptions? options = null, TimeProvider? time = null) : this(new HistoryConnections(connectionString, options ?? new()), time)
    {
    }

    /// <summary>Uses a data source that the caller owns; its time-outs and pool are the caller's.</summary>
    public HistoryStore(NpgsqlDataSource source, HistoryOptions? options = null, TimeProvider? time = null) : this(new HistoryConnections(source, options ?? new()), time)
    {
    }

    private HistoryStore(HistoryConnections connections, TimeProvider? time)
    {
        this.connections = connections;
        time ??= TimeProvider.System;
        this.time = time;
        outbox = new OutboxWriter(connections, time);
        artifacts = new ArtifactStore(connections, time);
        checkpoints = new CheckpointStore(connections, artifacts, time);
        cleaner = new Cleaner(connections, time);
        logs = new LogStore(connections, time);
        queries = new TaskQueries(connections);
    }

    /// <summary>Brings the schema up to date, one migrator at a time, and makes partitions ahead. Returns the migrations applied. Throws SchemaNewer for a schema from the future.</summary>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation = default) => new SchemaMigrator(connections).MigrateAsync(null, cancellation);

    internal Task<IReadOnlyList<string>> MigrateToAsync(string migration, CancellationToken cancellation = default) => new SchemaMigrator(connections).MigrateAsync(migration, cancellation);

    /// <summary>Whether the database answers, takes writes and has the right schema; throws otherwise.</summary>
    public Task<HistoryHealth> PingAsync(CancellationToken cancellation = default) => HistoryHealth.AskAsync(connections, cancellation);

    /// <summary>Writes transitions exactly once; see <see cref="TransitionsWritten"/>.</summary>
    public Task<TransitionsWritten> WriteTransitionsAsync(IReadOnlyList<TransitionBatch> batches, CancellationToken cancellation = default) => outbox.WriteAsync(batches, cancellation);

    /// <summary>Writes what a task left behind; see <see cref="SpilledTask"/>. The last to be written are the transitions, so that their acknowledgement stands for all.</summary>
    public async Task<TransitionsWritten> WriteSpilledAsync(SpilledTask spilled, CancellationToken cancellation = default)
    {
        await WriteAttemptsAsync(spilled.Attempts, cancellation).ConfigureAwait(false);
        await WriteApprovalsAsync(spilled.Approvals, cancellation).ConfigureAwait(false);
        return await WriteTransitionsAsync([spilled.Outbox], cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes attempts; a later call fills what an earlier one left open.</summary>
    public Task WriteAttemptsAsync(IReadOnlyList<AttemptRecord> attempts, CancellationToken cancellation = default) =>
        connections.RunAsync("write attempts", (c, t) => AttemptWriter.WriteAsync(c, attempts, t), cancellation);

    /// <summary>Writes approvals; call again once there is a verdict.</summary>
    public Task WriteApprovalsAsync(IReadOnlyList<ApprovalResource> approvals, CancellationToken cancellation = default) =>
        connections.RunAsync("write approvals", (c, t) => ApprovalWriter.WriteAsync(c, approvals, t), cancellation);

    /// <summary>Writes verbs that people used.</summary>
    public Task WriteAuditAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellation = default) =>
        connections.RunAsync("write the audit", (c, t) => AuditWriter.WriteAsync(c, records, t), cancellation);

    /// <summary>Writes alerts, or resolves and acknowledges them.</summary>
    public Task WriteAlertsAsync(IReadOnlyList<AlertRecord> alerts, CancellationToken cancellation = default) =>
        connections.RunAsync("write alerts", (c, t) => AlertWriter.WriteAsync(c, alerts, t), cancellation);

    /// <summary>
    /// Stores bytes and links them; digest and size are checked while they stream. False if equal bytes were there already (the link is made
    /// all the same). Throws <see cref="ArtifactMismatchException"/>, and keeps nothing, if the bytes are not what the link promises.
    /// </summary>
    public Task<bool> PutArtifactAsync(Stream content, ArtifactLink link, CancellationToken cancellation = default) => artifacts.PutAsync(content, link, cancellation);

    /// <summary>Links bytes that are stored already, so that nobody has to send them; false if they are not.</summary>
    public Task<bool> LinkArtifactAsync(ArtifactLink link, CancellationToken cancellation = default) => artifacts.LinkAsync(link, cancellation);

    /// <summary>Opens stored bytes; null if there are none. The read that reaches the end throws <see cref="ArtifactMismatchException"/> if they were damaged: use nothing before it.</summary>
    public Task<Stream?> OpenArtifactAsync(string digest, CancellationToken cancellation = default) => artifacts.OpenAsync(digest, cancellation);

    /// <summary>Which of these are stored.</summary>
    public Task<IReadOnlySet<string>> HasArtifactsAsync(IReadOnlyCollection<string> digests, CancellationToken cancellation = default) => artifacts.HasAsync(digests, cancellation);

    /// <summary>Stores a checkpoint of a running attempt and forgets all but the newest <paramref name="keep"/> of its task.</summary>
    public Task PutCheckpointAsync(Stream content, CheckpointRecord checkpoint, int keep = 10, CancellationToken cancellation = default) => checkpoints.PutAsync(content, checkpoint, keep, cancellation);

    /// <summary>The checkpoints of a task, newest first; open their bytes by digest.</summary>
    public Task<IReadOnlyList<CheckpointRecord>> ListCheckpointsAsync(string taskUid, CancellationToken cancellation = default) => checkpoints.ListAsync(taskUid, cancellation);

    /// <summary>Appends output of one attempt. The answer's <see cref="LogState.Received"/> is the next offset to send, and all that may be acknowledged.</summary>
    public async Task<LogState> AppendLogAsync(LogAppend append, CancellationToken cancellation = default) =>
        (await logs.AppendAsync([append], cancellation).ConfigureAwait(false))[append.Attempt];

    /// <summary>Appends output of many attempts in one transaction; states by attempt.</summary>
    public Task<IReadOnlyDictionary<string, LogState>> AppendLogsAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellation = default) => logs.AppendAsync(appends, cancellation);

    /// <summary>Marks a log as complete; <paramref name="dropped"/> says how many bytes the sender left out.</summary>
    public Task<LogState> CompleteLogAsync(string taskUid, string attempt, long dropped = 0, CancellationToken cancellation = default) => logs.CompleteAsync(taskUid, attempt, dropped, cancellation);

    /// <summary>Joins the small pieces of logs that are complete, at most so many logs; returns how many there were.</summary>
    public Task<int> MergeLogsAsync(int most = 200, CancellationToken cancellation = default) => new LogMerger(connections).RunAsync(most, cancellation);

    /// <summary>State of a log; null if nothing was ever appended.</summary>
    public Task<LogState?> GetLogAsync(string attempt, CancellationToken cancellation = default) => logs.StateAsync(attempt, cancellation);

    /// <summary>Reads a log from an offset to what is stored now. To follow, read again from the end.</summary>
    public IAsyncEnumerable<LogPiece> ReadLogAsync(string attempt, long fromOffset = 0, CancellationToken cancellation = default) => logs.ReadAsync(attempt, fromOffset, cancellation);

    /// <summary>Tasks, newest first.</summary>
    public Task<IReadOnlyList<TaskSummary>> ListTasksAsync(TaskFilter filter, CancellationToken cancellation = default) => queries.ListAsync(filter, cancellation);

    /// <summary>Uid of the newest task of a name; null if there was none.</summary>
    public Task<string?> FindTaskAsync(string ns, string name, CancellationToken cancellation = default) => queries.FindAsync(ns, name, cancellation);

    /// <summary>Up to which number each task's transitions are stored; tasks that are not known are missing, purged ones count with what they had.</summary>
    public Task<IReadOnlyDictionary<string, long>> GetAcknowledgedAsync(IReadOnlyCollection<string> uids, CancellationToken cancellation = default) => outbox.AcknowledgedAsync(uids, cancellation);

    /// <summary>Transitions of a task by number.</summary>
    public Task<IReadOnlyList<OutboxEntry>> GetTransitionsAsync(string uid, CancellationToken cancellation = default) => queries.TransitionsAsync(uid, cancellation);

    /// <summary>Everything known of a task; null if it is not known.</summary>
    public Task<TaskStory?> GetStoryAsync(string uid, CancellationToken cancellation = default) => queries.StoryAsync(uid, cancellation);

    /// <summary>What people did, newest first.</summary>
    public Task<IReadOnlyList<AuditRecord>> ListAuditAsync(AuditFilter filter, CancellationToken cancellation = default) => AuditFilter.RunAsync(connections, filter, cancellation);

    /// <summary>Notes that a task was made again, under another uid.</summary>
    public Task WriteRestoredAsync(string ns, string name, string uid, string restoredAs, string actor, CancellationToken cancellation = default) =>
        WriteAuditAsync([RestoredTasks.Record(ns, name, uid, restoredAs, actor, time.GetUtcNow())], cancellation);

    /// <summary>Tasks that restores made again: the uid of before, and the one of then.</summary>
    public Task<IReadOnlyList<(string Uid, string As)>> GetRestoredAsync(CancellationToken cancellation = default) => RestoredTasks.ReadAsync(connections, cancellation);

    /// <summary>Numbers over the tasks that a filter chooses by namespace, workspace, pool and time.</summary>
    public Task<HistoryStatistics> GetStatisticsAsync(TaskFilter filter, CancellationToken cancellation = default) => StatisticsQuery.RunAsync(connections, filter, cancellation);

    /// <summary>
    /// The regular maintenance: makes partitions ahead and removes what the policy no longer keeps, in small transactions. With
    /// <paramref name="dryRun"/> nothing is touched and the report says what would go.
    /// </summary>
    public Task<CleanupReport> CleanUpAsync(RetentionPolicy policy, bool dryRun = false, Action<string>? tell = null, CancellationToken cancellation = default) => cleaner.RunAsync(policy, dryRun, tell, cancellation);

    /// <summary>Writes the whole history, from one snapshot, into an archive under <c>history/</c>; other entries may be beside it.</summary>
    public Task<ArchiveManifest> WriteBackupAsync(ZipArchive archive, Action<string>? tell = null, CancellationToken cancellation = default) => new HistoryArchive(connections, time).WriteAsync(archive, tell, cancellation);

    /// <summary>Reads every byte of a backup and compares it with its manifest. Needs no database.</summary>
    public static Task<ArchiveManifest> VerifyBackupAsync(ZipArchive archive, Action<string>? tell = null, CancellationToken cancellation = default) => HistoryArchive.VerifyAsync(archive, tell, cancellation);

    /// <summary>
    /// Fills an empty database from a backup and brings it up to this program's schema; all or nothing. With <paramref name="merge"/> the database
    /// need not be empty: what it lacks is added, what it has stays.
    /// </summary>
    public Task<ArchiveManifest> RestoreBackupAsync(ZipArchive archive, bool merge = false, Action<string>? tell = null, CancellationToken cancellation = default) => new HistoryArchive(connections, time).RestoreAsync(archive, merge, tell, cancellation);

    /// <summary>
    /// Compares the history with itself and with tasks of a cluster, and names every difference. With <paramref name="deep"/> every stored
    /// byte is read and checked.
    /// </summary>
    public Task<IReadOnlyList<HistoryDefect>> VerifyAsync(IReadOnlyList<TaskResource>? cluster = null, bool deep = false, Action<string>? tell = null, CancellationToken cancellation = default) =>
        new HistoryVerifier(connections, artifacts, queries, logs, time).VerifyAsync(cluster, deep, tell, cancellation);

    /// <summary>Disk use by table.</summary>
    public Task<StorageUse> GetStorageAsync(CancellationToken cancellation = default) => StorageUse.AskAsync(connections, cancellation);

    /// <summary>Bytes that the tasks of each of these namespaces keep.</summary>
    public Task<IReadOnlyDictionary<string, long>> GetStorageOfAsync(IReadOnlyCollection<string> namespaces, CancellationToken cancellation = default) => StorageUse.OfNamespacesAsync(connections, namespaces, cancellation);

    /// <summary>Closes the connections that this store made.</summary>
    public ValueTask DisposeAsync() => connections.DisposeAsync();
}
