using System.Globalization;
using Npgsql;

namespace Berth.History.Schema;

/// <summary>Monthly partitions of the tables that grow with time. What falls outside all of them waits in the default partition.</summary>
internal static class Partitions
{
    /// <summary>Partitioned tables and the column that decides.</summary>
    public static readonly IReadOnlyList<(string Table, string Column)> Tables = [("transitions", "at"), ("log_chunks", "day"), ("audit", "at")];

    /// <summary>Makes the partitions of this month and of those ahead; moves rows there that are waiting in the default partition. Returns those made.</summary>
    public static async Task<IReadOnlyList<string>> EnsureAsync(NpgsqlConnection connection, HistoryOptions options, CancellationToken cancellation)
    {
        var made = new List<string>();
        foreach (var (table, column) in Tables)
        {
            foreach (var month in await MonthsAsync(connection, table, column, options, cancellation).ConfigureAwait(false))
            {
                await MakeAsync(connection, table, column, month, Patience(options), cancellation).ConfigureAwait(false);
                made.Add(Name(table, month));
            }
        }
        return made;
    }

    // Moving what waits in a default partition may take long (after a restore, say).
    private static int Patience(HistoryOptions options) => (int)options.MigrationCommandTimeout.TotalSeconds;

    /// <summary>Name of the partition of a month.</summary>
    public static string Name(string table, DateOnly month) => string.Create(CultureInfo.InvariantCulture, $"{table}_{month:yyyyMM}");

    // Months that should have a partition and have none: from now on, and any that rows in the default partition need.
    private static async Task<List<DateOnly>> MonthsAsync(NpgsqlConnection connection, string table, string column, HistoryOptions options, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"""
            select month::date from (
              select generate_series(date_trunc('month', now() at time zone 'UTC'), date_trunc('month', now() at time zone 'UTC') + $1 * interval '1 month', interval '1 month') as month
              union select distinct date_trunc('month', {Utc(column)}) from berth.{table}_default) m
            where to_regclass('berth.{table}_' || to_char(month, 'YYYYMM')) is null order by 1
            """, connection) { Parameters = { new() { Value = options.PartitionsAhead } }, CommandTimeout = Patience(options) };
        var months = new List<DateOnly>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) months.Add(reader.GetFieldValue<DateOnly>(0));
        return months;
    }

    private static string Utc(string column) => column == "at" ? "at at time zone 'UTC'" : column + "::timestamp";

    private static async Task MakeAsync(NpgsqlConnection connection, string table, string column, DateOnly month, int patience, CancellationToken cancellation)
    {
        var name = Name(table, month);
        var from = Bound(column, month);
        var to = Bound(column, month.AddMonths(1));
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"""
            lock table berth.{table}_default in access exclusive mode;
            create table if not exists berth.{name} (like berth.{table} including all);
            with moved as (delete from berth.{table}_default where {column} >= {from} and {column} < {to} returning *) insert into berth.{name} select * from moved;
            alter table berth.{table} attach partition berth.{name} for values from ({from}) to ({to});
            """, connection)
        { CommandTimeout = patience };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    private static string Bound(string column, DateOnly month) =>
        string.Create(CultureInfo.InvariantCulture, $"'{month:yyyy-MM-dd}{(column == "at" ? " 00:00:00+00" : "")}'");
}
