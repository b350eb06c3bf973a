using System.Text.Json;
using Berth.Api;
using Berth.History.Connection;
using Berth.History.Outbox;
using Npgsql;

namespace Berth.History.Queries;

/// <summary>A task's whole story in one round trip: what it costs is then the database's time, wherever the database is.</summary>
internal static class StoryQuery
{
    // Columns in the order in which the functions below read them.
    private const string Task = "select uid, namespace, name, type, workspace, pool, phase, reason, message, run, plan_summary, requested_by, approved_by, created_at, started_at, finished_at, deleted_at, spec, status from berth.tasks where uid = $1";
    private const string Attempts = "select task_uid, cpu_seconds, max_memory_bytes, id, kind, run, pod, pod_uid, slot, node, node_boot_id, runner_boot, epoch, leader, ordered_at, started_at, ended_at, exit_code, outcome, fenced_by from berth.attempts where task_uid = $1 order by ordered_at";
    private const string Approvals = "select uid, namespace, name, task_uid, task_name, run, attempt, workspace, digest, decision, approver, comment, created_at, verdict, verdict_message, verdict_at from berth.approvals where task_uid = $1 order by created_at";
    private const string Artifacts = "select task_uid, attempt, kind, path, digest, size, created_at from berth.artifact_links where task_uid = $1 order by created_at";
    private const string Checkpoints = "select task_uid, attempt, number, digest, size, created_at from berth.checkpoints where task_uid = $1 order by created_at";
    private const string Logs = "select attempt, task_uid, received, stored, complete, dropped from berth.logs where task_uid = $1 order by attempt";
    private const string Alerts = "select id, at, name, severity, subject, message, detail, resolved_at, acknowledged_by from berth.alerts where subject = $1 order by at";
    private const string Audit = "select id, at, actor, verb, kind, namespace, name, uid, outcome, detail from berth.audit where uid = $1 order by at";
    private static readonly string Transitions = $"select {TransitionReading.Columns("t")} from berth.transitions t where t.uid = $1 order by t.seq";

    /// <summary>Everything known of a task; null if it is not known.</summary>
    public static Task<TaskStory?> RunAsync(HistoryConnections connections, string uid, CancellationToken cancellation) =>
        connections.RunAsync("read a task's story", async (connection, token) =>
        {
            await using var batch = new NpgsqlBatch(connection);
            foreach (var part in (string[])[Task, Transitions, Attempts, Approvals, Artifacts, Checkpoints, Logs, Alerts, Audit])
                batch.BatchCommands.Add(new NpgsqlBatchCommand(part) { Parameters = { new() { Value = uid } } });
            await using var reader = await batch.ExecuteReaderAsync(token).ConfigureAwait(false);
            return await ReadAsync(reader, token).ConfigureAwait(false);
        }, cancellation);

    /// <summary>Transitions of a task by number.</summary>
    public static Task<IReadOnlyList<OutboxEntry>> TransitionsAsync(HistoryConnections connections, string uid, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlyList<OutboxEntry>>("read transitions", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(Transitions, connection) { Parameters = { new() { Value = uid } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            return await AllAsync(reader, _ => TransitionReading.Read(reader, 0), token).ConfigureAwait(false);
        }, cancellation);

    private static async Task<TaskStory?> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellation)
    {
        if (await AllAsync(reader, Head, cancellation).ConfigureAwait(false) is not [var story]) return null;
        return story with
        {
            Transitions = await NextAsync(reader, _ => TransitionReading.Read(reader, 0), cancellation).ConfigureAwait(false),
            Attempts = await NextAsync(reader, Attempt, cancellation).ConfigureAwait(false),
            Approvals = await NextAsync(reader, Approval, cancellation).ConfigureAwait(false),
            Artifacts = await NextAsync(reader, Link, cancellation).ConfigureAwait(false),
            Checkpoints = await NextAsync(reader, Checkpoint, cancellation).ConfigureAwait(false),
            Logs = await NextAsync(reader, Log, cancellation).ConfigureAwait(false),
            Alerts = await NextAsync(reader, Alert, cancellation).ConfigureAwait(false),
            Audit = await NextAsync(reader, Act, cancellation).ConfigureAwait(false),
        };
    }

    private static async Task<IReadOnlyList<T>> NextAsync<T>(NpgsqlDataReader reader, Func<RowCursor, T> read, CancellationToken cancellation)
    {
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        return await AllAsync(reader, read, cancellation).ConfigureAwait(false);
    }

    private static async Task<List<T>> AllAsync<T>(NpgsqlDataReader reader, Func<RowCursor, T> read, CancellationToken cancellation)
    {
        var (rows, row) = (new List<T>(), new RowCursor(reader));
        while (await row.NextAsync(cancellation).ConfigureAwait(false)) rows.Add(read(row));
        return rows;
    }

    private static TaskStory Head(RowCursor r) => new()
    {
        Task = new TaskSummary
        {
            Uid = r.Text(),
            Namespace = r.Text(),
            Name = r.Text(),
            Type = r.Text(),
            Workspace = r.Text(),
            Pool = r.Text(),
            Phase = r.Text(),
            Reason = r.TextOrNull(),
            Message = r.TextOrNull(),
            Run = r.Int(),
            PlanSummary = r.TextOrNull(),
            RequestedBy = r.TextOrNull(),
            ApprovedBy = r.TextOrNull(),
            CreatedAt = r.Time(),
            StartedAt = r.TimeOrNull(),
            FinishedAt = r.TimeOrNull(),
            DeletedAt = r.TimeOrNull(),
        },
        Spec = JsonSerializer.Deserialize(r.Text(), BerthJson.Default.TaskSpec),
        Status = JsonSerializer.Deserialize(r.Text(), BerthJson.Default.TaskStatus),
    };

    private static AttemptRecord Attempt(RowCursor r) => new()
    {
        TaskUid = r.Text(),
        CpuSeconds = r.DoubleOrNull(),
        MaxMemoryBytes = r.LongOrNull(),
        Attempt = new AttemptStatus
        {
            Id = r.Text(),
            Kind = Enum.Parse<AttemptKind>(r.Text()),
            Run = r.Int(),
            Pod = r.Text(),
            PodUid = r.Text(),
            Slot = r.Int(),
            Node = r.TextOrNull(),
            NodeBootId = r.TextOrNull(),
            RunnerBoot = r.Long(),
            Epoch = r.Long(),
            Leader = r.TextOrNull(),
            OrderedAt = r.Time(),
            StartedAt = r.TimeOrNull(),
            EndedAt = r.TimeOrNull(),
            ExitCode = r.IntOrNull(),
            Outcome = r.TextOrNull(),
            FencedBy = r.TextOrNull(),
        },
    };

    private static StoredApproval Approval(RowCursor r) => new()
    {
        Uid = r.Text(),
        Namespace = r.Text(),
        Name = r.Text(),
        TaskUid = r.Text(),
        TaskName = r.Text(),
        Run = r.Int(),
        Attempt = r.TextOrNull(),
        Workspace = r.Text(),
        Digest = r.TextOrNull(),
        Decision = r.Text(),
        Approver = r.Text(),
        Comment = r.TextOrNull(),
        CreatedAt = r.Time(),
        Verdict = r.TextOrNull(),
        VerdictMessage = r.TextOrNull(),
        VerdictAt = r.TimeOrNull(),
    };

    private static ArtifactLink Link(RowCursor r) => new() { TaskUid = r.Text(), Attempt = r.Text(), Kind = r.Text(), Path = r.Text(), Digest = r.Text(), Size = r.Long(), CreatedAt = r.Time() };

    private static CheckpointRecord Checkpoint(RowCursor r) => new() { TaskUid = r.Text(), Attempt = r.Text(), Number = r.Int(), Digest = r.Text(), Size = r.Long(), CreatedAt = r.Time() };

    private static LogState Log(RowCursor r) => new() { Attempt = r.Text(), TaskUid = r.Text(), Received = r.Long(), Stored = r.Long(), Complete = r.Bool(), Dropped = r.Long() };

    private static AlertRecord Alert(RowCursor r) => new()
    {
        Id = r.Id(),
        At = r.Time(),
        Name = r.Text(),
        Severity = r.Text(),
        Subject = r.Text(),
        Message = r.Text(),
        DetailJson = r.TextOrNull(),
        ResolvedAt = r.TimeOrNull(),
        AcknowledgedBy = r.TextOrNull(),
    };

    private static AuditRecord Act(RowCursor r) => new()
    {
        Id = r.Id(),
        At = r.Time(),
        Actor = r.Text(),
        Verb = r.Text(),
        Kind = r.Text(),
        Namespace = r.TextOrNull(),
        Name = r.TextOrNull(),
        Uid = r.TextOrNull(),
        Outcome = r.Text(),
        DetailJson = r.TextOrNull(),
    };
}
