using Berth.History.Connection;
using Npgsql;

namespace Berth.History;

/// <summary>Disk use of the history.</summary>
public sealed record StorageUse
{
    /// <summary>Bytes of the database, indexes and all.</summary>
    public long DatabaseBytes { get; init; }

    /// <summary>By table; partitions count for their table.</summary>
    public IReadOnlyList<TableUse> Tables { get; init; } = [];

    internal static Task<StorageUse> AskAsync(HistoryConnections connections, CancellationToken cancellation) =>
        connections.RunAsync("measure disk use", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                select regexp_replace(table_name, '_([0-9]{6}|default)$', ''), sum(bytes)::bigint, sum(rows_estimate)::bigint, pg_database_size(current_database())
                  from berth.view_storage group by 1 order by 2 desc
                """, connection);
            var tables = new List<TableUse>();
            var total = 0L;
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            while (await reader.ReadAsync(token).ConfigureAwait(false))
            {
                tables.Add(new TableUse(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
                total = reader.GetInt64(3);
            }
            return new StorageUse { DatabaseBytes = total, Tables = tables };
        }, cancellation);

    /// <summary>What tasks of some namespaces keep: artifacts and checkpoints as they are stored, output as it was kept. What several tasks share counts for each.</summary>
    internal static Task<IReadOnlyDictionary<string, long>> OfNamespacesAsync(HistoryConnections connections, IReadOnlyCollection<string> namespaces, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlyDictionary<string, long>>("measure what namespaces keep", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("""
                select t.namespace, sum(kept.bytes)::bigint
                  from berth.tasks t join (
                    select l.task_uid, a.stored_size as bytes from berth.artifact_links l join berth.artifacts a using (digest)
                    union all select c.task_uid, a.stored_size from berth.checkpoints c join berth.artifacts a using (digest)
                    union all select task_uid, stored from berth.logs) kept on kept.task_uid = t.uid
                  where t.namespace = any($1) group by 1
                """, connection)
            { Parameters = { new() { Value = namespaces.ToArray() } } };
            var found = namespaces.ToDictionary(n => n, _ => 0L, StringComparer.Ordinal);
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            while (await reader.ReadAsync(token).ConfigureAwait(false)) found[reader.GetString(0)] = reader.GetInt64(1);
            return found;
        }, cancellation);
}

/// <summary>Disk use of one table.</summary>
/// <param name="Table">Table.</param>
/// <param name="Bytes">Bytes with indexes.</param>
/// <param name="RowsEstimate">Rows as the planner estimates them.</param>
public sealed record TableUse(string Table, long Bytes, long RowsEstimate);
