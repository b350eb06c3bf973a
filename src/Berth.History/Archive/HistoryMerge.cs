using Npgsql;

namespace Berth.History.Archive;

/// <summary>
/// Adds what a backup has to a history that an operator began anew after the loss of its database. The rows of the backup stand in temporary
/// tables; of what both have, what is there stays, and of a log the longer one.
/// </summary>
internal static class HistoryMerge
{
    private const string Prefix = "merge_";

    private static readonly string[] Before =
    [
        "delete from merge_logs m using berth.logs k where k.attempt = m.attempt and k.received >= m.received",
        "delete from berth.log_chunks c using merge_logs m where c.attempt = m.attempt",
        "delete from berth.logs k using merge_logs m where k.attempt = m.attempt",
        "delete from merge_log_chunks c where not exists (select from merge_logs m where m.attempt = c.attempt)",
        "delete from merge_artifacts m using berth.artifacts k where k.digest = m.digest",
        "delete from merge_artifact_chunks c where not exists (select from merge_artifacts m where m.blob = c.blob)",
        "delete from berth.tasks k using merge_tasks m where k.uid = m.uid and m.status_seq > k.status_seq",
        "update berth.tasks k set acknowledged = greatest(k.acknowledged, m.acknowledged), max_seq = greatest(k.max_seq, m.max_seq) from merge_tasks m where m.uid = k.uid",
        // The number of a transition is its identity; its time is in the key for the sake of the partitions alone.
        "delete from merge_transitions m using berth.transitions k where k.uid = m.uid and k.seq = m.seq",
    ];

    // What was lost is there again, unless the backup is older than the loss.
    private const string After = """
        update berth.alerts l set resolved_at = now() from berth.tasks k
          where l.name = 'HistoryLost' and l.subject = k.uid and l.resolved_at is null
            and k.acknowledged = (select count(*) from berth.transitions t where t.uid = k.uid and t.seq <= k.acknowledged)
        """;

    /// <summary>The table that takes the rows of a backup's table.</summary>
    public static string Staged(string table) => Prefix + table;

    /// <summary>Makes the temporary tables, and keeps writers away until the end of the transaction.</summary>
    public static Task BeginAsync(NpgsqlConnection connection, IReadOnlyList<ArchivedTable> tables, int patience, CancellationToken cancellation) => RunAsync(connection,
        tables.Select(t => $"create temporary table {Staged(t.Name)} (like berth.{t.Name} including defaults) on commit drop").Prepend("lock table berth.tasks, berth.logs, berth.artifacts in share row exclusive mode"), patience, cancellation);

    /// <summary>Puts the staged rows in their places.</summary>
    public static Task FinishAsync(NpgsqlConnection connection, IReadOnlyList<ArchivedTable> tables, int patience, CancellationToken cancellation) => RunAsync(connection,
        [.. Before, .. tables.Select(t => $"insert into berth.{t.Name} select * from {Staged(t.Name)} on conflict do nothing"), After], patience, cancellation);

    private static async Task RunAsync(NpgsqlConnection connection, IEnumerable<string> statements, int patience, CancellationToken cancellation)
    {
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = patience };
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }
}
