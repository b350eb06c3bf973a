using Berth.History.Schema;
using Npgsql;

namespace Berth.History.Retention;

/// <summary>Rows of a table, named <c>t</c>, that fulfil a condition.</summary>
internal sealed record CleanupCondition(string Table, string Condition);

/// <summary>One cleanup on one connection: how rows are counted and removed.</summary>
internal sealed class CleanerSession(NpgsqlConnection connection, HistoryOptions options, DateTimeOffset now)
{
    public NpgsqlConnection Connection => connection;

    public DateTimeOffset Now => now;

    /// <summary>What would go.</summary>
    public async Task<CleanupStep> CountAsync(CleanupCondition step, CancellationToken cancellation)
    {
        var rows = await ScalarAsync($"select count(*) from berth.{step.Table} t where {step.Condition}", cancellation).ConfigureAwait(false);
        return new CleanupStep(step.Table, rows, [.. (await EmptyPartitionsAsync(step, cancellation).ConfigureAwait(false)).Select(p => p.Name)]);
    }

    /// <summary>Partitions whole where nothing stays, the rest in small transactions: nobody waits long, and what is done stays done.</summary>
    public async Task<CleanupStep> DeleteAsync(CleanupCondition step, int batch, CancellationToken cancellation)
    {
        long rows = 0;
        var dropped = new List<string>();
        foreach (var (name, count) in await EmptyPartitionsAsync(step, cancellation).ConfigureAwait(false))
        {
            if (!await DropAsync(step, name, cancellation).ConfigureAwait(false)) continue;
            dropped.Add(name);
            rows += count;
        }
        for (var deleted = batch; deleted == batch; rows += deleted)
            deleted = await ExecuteAsync($"delete from berth.{step.Table} where (tableoid, ctid) in (select t.tableoid, t.ctid from berth.{step.Table} t where {step.Condition} limit {batch})", cancellation).ConfigureAwait(false);
        return new CleanupStep(step.Table, rows, dropped);
    }

    public async Task<long> ScalarAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<(string Name, long Rows)>> EmptyPartitionsAsync(CleanupCondition step, CancellationToken cancellation)
    {
        if (!Partitions.Tables.Any(p => p.Table == step.Table)) return [];
        var found = new List<(string, long)>();
        foreach (var partition in await PastPartitionsAsync(step.Table, cancellation).ConfigureAwait(false))
            if (await StaysAsync(step, partition, cancellation).ConfigureAwait(false) == 0) found.Add((partition, await ScalarAsync($"select count(*) from berth.{partition}", cancellation).ConfigureAwait(false)));
        return found;
    }

    private Task<long> StaysAsync(CleanupCondition step, string partition, CancellationToken cancellation) =>
        ScalarAsync($"select count(*) from (select from berth.{partition} t where not ({step.Condition}) limit 1) x", cancellation);

    // Once more under the lock: a row that must stay may have come since.
    private async Task<bool> DropAsync(CleanupCondition step, string partition, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await ExecuteAsync($"set local lock_timeout = '5s'; lock table berth.{step.Table} in access exclusive mode; lock table berth.{partition} in access exclusive mode", cancellation).ConfigureAwait(false);
        var goes = await StaysAsync(step, partition, cancellation).ConfigureAwait(false) == 0;
        if (goes) await ExecuteAsync($"drop table berth.{partition}", cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return goes;
    }

    private async Task<List<string>> PastPartitionsAsync(string table, CancellationToken cancellation)
    {
        await using var command = Command($"""
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'berth.{table}'::regclass
              and c.relname < '{Partitions.Name(table, DateOnly.FromDateTime(now.UtcDateTime))}' and c.relname ~ '_[0-9]+$' order by 1
            """);
        var names = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) names.Add(reader.GetString(0));
        return names;
    }

    private NpgsqlCommand Command(string sql) => new(sql, connection) { CommandTimeout = (int)options.MigrationCommandTimeout.TotalSeconds };
}
