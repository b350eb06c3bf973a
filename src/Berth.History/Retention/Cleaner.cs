using System.Globalization;
using Berth.Api;
using Berth.History.Connection;
using Berth.History.Schema;
using Npgsql;

namespace Berth.History.Retention;

/// <summary>
/// Removes what its policy no longer keeps. Every step is a table and a condition; a dry run counts with the very condition that a real
/// run deletes by. Partitions of which nothing is kept are dropped whole, which leaves nothing to vacuum.
/// </summary>
internal sealed class Cleaner(HistoryConnections connections, TimeProvider time)
{
    private const int BatchRows = 10_000;

    // Bytes of an upload under way have no digest yet; a day is more than any upload takes.
    private static readonly TimeSpan Unreferenced = TimeSpan.FromDays(1);

    private sealed record Step(string Table, string Condition);

    public Task<CleanupReport> RunAsync(RetentionPolicy policy, bool dryRun, CancellationToken cancellation) =>
        connections.RunAsync("clean up", async (connection, token) =>
        {
            var made = dryRun ? [] : await Partitions.EnsureAsync(connection, connections.Options, token).ConfigureAwait(false);
            var now = time.GetUtcNow();
            await ChooseAsync(connection, policy, now, token).ConfigureAwait(false);
            var steps = new List<CleanupStep>();
            foreach (var step in Steps(policy, now)) steps.Add(await RunAsync(connection, step, dryRun, token).ConfigureAwait(false));
            steps.Add(await RunTasksAsync(connection, dryRun, now, token).ConfigureAwait(false));
            steps.AddRange(await RunBytesAsync(connection, dryRun, now, token).ConfigureAwait(false));
            await ExecuteAsync(connection, "drop table pg_temp.berth_expired", token).ConfigureAwait(false);
            return new CleanupReport { DryRun = dryRun, Steps = [.. steps.Where(s => s.Rows > 0 || s.PartitionsDropped.Count > 0)], PartitionsMade = made };
        }, cancellation);

    // Which tasks go, and of which only the logs, artifacts or checkpoints go.
    private async Task ChooseAsync(NpgsqlConnection connection, RetentionPolicy policy, DateTimeOffset now, CancellationToken cancellation)
    {
        var phases = Enum.GetValues<TaskPhase>().Where(TaskPhases.IsTerminal).Select(p => $"k.phase = '{p}' and k.finished_at < {At(now, policy.ByPhase.TryGetValue(p, out var keep) ? keep : policy.Tasks)}");
        var sql = $"""
            set local client_min_messages = warning;
            drop table if exists pg_temp.berth_expired;
            create temp table berth_expired (kind text, uid text collate "C", primary key (kind, uid));
            insert into berth_expired select 'tasks', uid from berth.tasks k where {string.Join(" or ", phases)};
            """;
        foreach (var (kind, keep) in ((string, TimeSpan?)[])[("logs", policy.Logs), ("artifacts", policy.Artifacts), ("checkpoints", policy.Checkpoints)])
            sql += $"insert into berth_expired select '{kind}', uid from berth.tasks k where k.finished_at < {At(now, keep)} union select '{kind}', uid from berth_expired where kind = 'tasks';";
        await ExecuteAsync(connection, sql + "analyze berth_expired;", cancellation).ConfigureAwait(false);
    }

    private static IEnumerable<Step> Steps(RetentionPolicy policy, DateTimeOffset now)
    {
        yield return new("log_chunks", "t.attempt in (select l.attempt from berth.logs l join berth_expired e on e.kind = 'logs' and e.uid = l.task_uid)");
        yield return new("logs", Expired("logs", "task_uid"));
        yield return new("artifact_links", Expired("artifacts", "task_uid"));
        yield return new("checkpoints", Expired("checkpoints", "task_uid"));
        yield return new("transitions", Expired("tasks", "uid"));
        yield return new("attempts", Expired("tasks", "task_uid"));
        yield return new("approvals", Expired("tasks", "task_uid"));
        yield return new("alerts", $"t.at < {At(now, policy.Alerts)}");
        yield return new("audit", $"t.at < {At(now, policy.Audit)}");
        yield return new("purged_tasks", $"t.purged_at < {At(now, TimeSpan.FromDays(730))}");
    }

    private static string Expired(string kind, string column) => $"exists (select from berth_expired e where e.kind = '{kind}' and e.uid = t.{column})";

    private async Task<CleanupStep> RunAsync(NpgsqlConnection connection, Step step, bool dryRun, CancellationToken cancellation)
    {
        var dropped = new List<string>();
        long rows = 0;
        if (Partitions.Tables.Any(p => p.Table == step.Table))
        {
            foreach (var partition in await PastPartitionsAsync(connection, step.Table, cancellation).ConfigureAwait(false))
            {
                if (await ScalarAsync(connection, $"select count(*) from (select from berth.{partition} t where not ({step.Condition}) limit 1) x", cancellation).ConfigureAwait(false) > 0) continue;
                rows += await ScalarAsync(connection, $"select count(*) from berth.{partition}", cancellation).ConfigureAwait(false);
                dropped.Add(partition);
                if (!dryRun) await DropAsync(connection, step, partition, cancellation).ConfigureAwait(false);
            }
        }
        if (dryRun)
        {
            // Rows of dropped partitions fulfil the condition too.
            var matching = await ScalarAsync(connection, $"select count(*) from berth.{step.Table} t where {step.Condition}", cancellation).ConfigureAwait(false);
            return new CleanupStep(step.Table, matching, dropped);
        }
        return new CleanupStep(step.Table, rows + await DeleteAsync(connection, step, cancellation).ConfigureAwait(false), dropped);
    }

    // Small transactions: nobody waits long, and what is done stays done.
    private async Task<long> DeleteAsync(NpgsqlConnection connection, Step step, CancellationToken cancellation)
    {
        for (long rows = 0; ;)
        {
            var deleted = await ExecuteAsync(connection, $"delete from berth.{step.Table} where (tableoid, ctid) in (select t.tableoid, t.ctid from berth.{step.Table} t where {step.Condition} limit {BatchRows})", cancellation).ConfigureAwait(false);
            rows += deleted;
            if (deleted < BatchRows) return rows;
        }
    }

    // Once more under the lock: a row that must stay may have come since.
    private async Task DropAsync(NpgsqlConnection connection, Step step, string partition, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await ExecuteAsync(connection, $"set local lock_timeout = '5s'; lock table berth.{step.Table} in access exclusive mode; lock table berth.{partition} in access exclusive mode", cancellation).ConfigureAwait(false);
        if (await ScalarAsync(connection, $"select count(*) from (select from berth.{partition} t where not ({step.Condition}) limit 1) x", cancellation).ConfigureAwait(false) == 0)
            await ExecuteAsync(connection, $"drop table berth.{partition}", cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<CleanupStep> RunTasksAsync(NpgsqlConnection connection, bool dryRun, DateTimeOffset now, CancellationToken cancellation)
    {
        var step = new Step("tasks", Expired("tasks", "uid"));
        if (dryRun) return await RunAsync(connection, step, dryRun, cancellation).ConfigureAwait(false);
        // A requeue may have brought a task back to life since it was chosen: what is not over is not removed.
        var rows = await ExecuteAsync(connection, $"""
            with gone as (delete from berth.tasks t where {step.Condition} and t.finished_at is not null returning uid, acknowledged)
              insert into berth.purged_tasks select uid, acknowledged, {At(now, TimeSpan.Zero)} from gone
              on conflict (uid) do update set acknowledged = excluded.acknowledged, purged_at = excluded.purged_at
            """, cancellation).ConfigureAwait(false);
        return new CleanupStep("tasks", rows, []);
    }

    private async Task<IReadOnlyList<CleanupStep>> RunBytesAsync(NpgsqlConnection connection, bool dryRun, DateTimeOffset now, CancellationToken cancellation)
    {
        const string free = "not exists (select from berth.artifact_links l where l.digest = a.digest) and not exists (select from berth.checkpoints c where c.digest = a.digest)";
        var old = $"a.created_at < {At(now, Unreferenced)}";
        var orphans = new Step("artifact_chunks", $"not exists (select from berth.artifacts a where a.blob = t.blob) and t.created_at < {At(now, Unreferenced)}");
        if (dryRun)
        {
            var unlinked = await ScalarAsync(connection, $"select count(*) from berth.artifacts a where {free} and {old}", cancellation).ConfigureAwait(false);
            return [new CleanupStep("artifacts", unlinked, []), await RunAsync(connection, orphans, dryRun, cancellation).ConfigureAwait(false)];
        }
        long rows = 0;
        for (var last = BatchRows; last == BatchRows; rows += last)
        {
            // Lock first, look again with a fresh snapshot, then delete: a link made in between holds the row or is seen.
            await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
            await ExecuteAsync(connection, $"create temp table berth_free on commit drop as select a.digest from berth.artifacts a where {free} and {old} limit {BatchRows} for update skip locked", cancellation).ConfigureAwait(false);
            last = await ExecuteAsync(connection, $"delete from berth.artifacts a using berth_free f where f.digest = a.digest and {free}", cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        return [new CleanupStep("artifacts", rows, []), await RunAsync(connection, orphans, dryRun, cancellation).ConfigureAwait(false)];
    }

    private async Task<List<string>> PastPartitionsAsync(NpgsqlConnection connection, string table, CancellationToken cancellation)
    {
        await using var command = Command(connection, $"""
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'berth.{table}'::regclass
              and c.relname < '{Partitions.Name(table, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime))}' and c.relname ~ '_[0-9]+$' order by 1
            """);
        var names = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) names.Add(reader.GetString(0));
        return names;
    }

    private async Task<long> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = Command(connection, sql);
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = Command(connection, sql);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection) { CommandTimeout = (int)connections.Options.MigrationCommandTimeout.TotalSeconds };

    // A time that is far enough back to mean "never" when there is no limit.
    private static string At(DateTimeOffset now, TimeSpan? age) => age is { } span
        ? string.Create(CultureInfo.InvariantCulture, $"'{(now - DateTimeOffset.UnixEpoch < span ? DateTimeOffset.UnixEpoch : now - span).UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'::timestamptz")
        : "'-infinity'::timestamptz";
}
