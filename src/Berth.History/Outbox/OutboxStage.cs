using System.Text.Json;
using Berth.Api;
using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Outbox;

/// <summary>The session's staging tables. They are made once per session and emptied by every commit, so that the catalog stays quiet.</summary>
internal static class OutboxStage
{
    public const string TaskColumns = "uid, namespace, name, workspace, pool, type, requested_by, priority, phase, reason, message, run, plan_summary, approved_by, created_at, queued_at, started_at, finished_at, deleted_at, updated_at, spec, status, status_seq";

    public const string TransitionColumns = "uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch";

    /// <summary>Takes over each staged status that is not older than the stored one, and says something else.</summary>
    public const string UpdateTasks = """
        update berth.tasks k set priority = s.priority, phase = s.phase, reason = s.reason, message = s.message, run = s.run, plan_summary = s.plan_summary,
          approved_by = s.approved_by, queued_at = s.queued_at, started_at = s.started_at, finished_at = s.finished_at,
          deleted_at = coalesce(s.deleted_at, k.deleted_at), updated_at = s.updated_at, spec = s.spec, status = s.status, status_seq = s.status_seq
          from pg_temp.berth_stage_tasks s
          where k.uid = s.uid and s.status_seq >= k.status_seq and (k.status, k.spec, k.deleted_at) is distinct from (s.status, s.spec, coalesce(s.deleted_at, k.deleted_at))
        """;

    private const string Create = $"""
        set local client_min_messages = warning;
        create temp table if not exists berth_stage_tasks on commit delete rows as select {TaskColumns} from berth.tasks with no data;
        create temp table if not exists berth_stage_transitions on commit delete rows as select {TransitionColumns} from berth.transitions with no data;
        """;

    public static async Task FillAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        await using (var create = new NpgsqlCommand(Create, connection)) await create.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await using (var tasks = await connection.BeginBinaryImportAsync($"copy pg_temp.berth_stage_tasks ({TaskColumns}) from stdin (format binary)", cancellation).ConfigureAwait(false))
        {
            foreach (var task in plan.Tasks) await WriteAsync(tasks, task.Record, cancellation).ConfigureAwait(false);
            await tasks.CompleteAsync(cancellation).ConfigureAwait(false);
        }
        await using var entries = await connection.BeginBinaryImportAsync($"copy pg_temp.berth_stage_transitions ({TransitionColumns}) from stdin (format binary)", cancellation).ConfigureAwait(false);
        foreach (var task in plan.Tasks)
            foreach (var entry in task.Entries.Values)
                await TransitionWriting.WriteAsync(entries, task.Record.Uid, entry, cancellation).ConfigureAwait(false);
        await entries.CompleteAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter to, TaskRecord task, CancellationToken cancellation)
    {
        await to.StartRowAsync(cancellation).ConfigureAwait(false);
        foreach (var text in (string?[])[task.Uid, task.Namespace, task.Name, task.Spec.Workspace, task.Spec.PoolRef.Name, task.Spec.Type.ToString(), task.Spec.RequestedBy])
            await to.TextAsync(text, cancellation).ConfigureAwait(false);
        var status = task.Status;
        await to.WriteAsync(task.Spec.Priority, NpgsqlDbType.Integer, cancellation).ConfigureAwait(false);
        await to.TextAsync(status.Phase.ToString(), cancellation).ConfigureAwait(false);
        await to.TextAsync(status.Reason, cancellation).ConfigureAwait(false);
        await to.TextAsync(status.Message, cancellation).ConfigureAwait(false);
        await to.WriteAsync(status.Run, NpgsqlDbType.Integer, cancellation).ConfigureAwait(false);
        await to.TextAsync(status.Plan?.Summary, cancellation).ConfigureAwait(false);
        await to.TextAsync(status.Grant?.Approver, cancellation).ConfigureAwait(false);
        foreach (var at in (DateTimeOffset?[])[task.CreatedAt, status.QueuedAt, status.StartedAt, status.FinishedAt, task.DeletedAt, status.PhaseSince ?? task.CreatedAt])
            await to.TimeAsync(at, cancellation).ConfigureAwait(false);
        await to.WriteAsync(Json.Storable(JsonSerializer.SerializeToUtf8Bytes(task.Spec, BerthJson.Default.TaskSpec)), NpgsqlDbType.Jsonb, cancellation).ConfigureAwait(false);
        await to.WriteAsync(Json.Storable(JsonSerializer.SerializeToUtf8Bytes(status, BerthJson.Default.TaskStatus)), NpgsqlDbType.Jsonb, cancellation).ConfigureAwait(false);
        await to.WriteAsync(status.History.Seq, NpgsqlDbType.Bigint, cancellation).ConfigureAwait(false);
    }
}
