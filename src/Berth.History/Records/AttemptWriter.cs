using Npgsql;

namespace Berth.History.Records;

/// <summary>Attempts: told in any order, a later fact fills what an earlier one left open.</summary>
internal static class AttemptWriter
{
    private const string Upsert = """
        insert into berth.attempts as a (id, task_uid, run, kind, pod, pod_uid, slot, node, node_boot_id, runner_boot, epoch, leader, ordered_at, started_at, ended_at, exit_code, outcome, fenced_by, cpu_seconds, max_memory_bytes)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
          on conflict (id) do update set node = coalesce(excluded.node, a.node), node_boot_id = coalesce(excluded.node_boot_id, a.node_boot_id),
            runner_boot = greatest(excluded.runner_boot, a.runner_boot), started_at = coalesce(excluded.started_at, a.started_at),
            ended_at = coalesce(excluded.ended_at, a.ended_at), exit_code = coalesce(excluded.exit_code, a.exit_code),
            outcome = coalesce(excluded.outcome, a.outcome), fenced_by = coalesce(excluded.fenced_by, a.fenced_by),
            cpu_seconds = coalesce(excluded.cpu_seconds, a.cpu_seconds), max_memory_bytes = coalesce(excluded.max_memory_bytes, a.max_memory_bytes)
        """;

    // In order of id, so that two writers cannot wait for each other crosswise.
    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<AttemptRecord> records, CancellationToken cancellation) =>
        RowParameters.SendAsync(connection, records.OrderBy(r => r.Attempt.Id, StringComparer.Ordinal).Select(Row), cancellation);

    private static NpgsqlBatchCommand Row(AttemptRecord record)
    {
        var a = record.Attempt;
        return new NpgsqlBatchCommand(Upsert).Text(a.Id).Text(record.TaskUid).Number(a.Run).Text(a.Kind.ToString()).Text(a.Pod).Text(a.PodUid).Number(a.Slot)
            .Text(a.Node).Text(a.NodeBootId).Number(a.RunnerBoot).Number(a.Epoch).Text(a.Leader).Time(a.OrderedAt).Time(a.StartedAt).Time(a.EndedAt)
            .Number(a.ExitCode).Text(a.Outcome).Text(a.FencedBy).Fraction(record.CpuSeconds).Number(record.MaxMemoryBytes);
    }
}
