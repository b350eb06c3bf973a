using System.Diagnostics;
using Berth.History.Connection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace Berth.History.Schema;

/// <summary>Brings the schema up to date. One at a time: an advisory lock, held on the very session that migrates.</summary>
internal sealed class SchemaMigrator(HistoryConnections connections)
{
    // Any number would do, so long as every version of Berth uses the same one.
    public const long LockKey = 0x42_45_52_54_48_01;

    /// <summary>Migrations this program knows, oldest first.</summary>
    public static IReadOnlyList<string> Known { get; } = ReadKnown();

    /// <summary>Migrates, to <paramref name="target"/> if it is given (tests of upgrades), and returns what was applied.</summary>
    public async Task<IReadOnlyList<string>> MigrateAsync(string? target, CancellationToken cancellation) =>
        await connections.RunAsync("migrate the schema", async (connection, token) =>
        {
            await LockAsync(connection, token).ConfigureAwait(false);
            try
            {
                var before = await AppliedAsync(connection, token).ConfigureAwait(false);
                RefuseNewer(before);
                await using var context = HistoryContextFactory.On(connection, connections.Options.MigrationCommandTimeout);
                await context.Database.MigrateAsync(target, token).ConfigureAwait(false);
                if (target is null) await Partitions.EnsureAsync(connection, connections.Options, token).ConfigureAwait(false);
                return (IReadOnlyList<string>)[.. Known.Where(m => !before.Contains(m) && (target is null || string.CompareOrdinal(m, target) <= 0))];
            }
            finally
            {
                await UnlockAsync(connection).ConfigureAwait(false);
            }
        }, cancellation).ConfigureAwait(false);

    /// <summary>Throws unless the schema is exactly the one this program knows; returns its newest migration.</summary>
    public static async Task<string> CheckAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = await AppliedAsync(connection, cancellation).ConfigureAwait(false);
        RefuseNewer(applied);
        if (Known.FirstOrDefault(m => !applied.Contains(m)) is { } missing)
            throw new HistoryUnavailableException(HistoryUnavailableReason.SchemaOlder, false,
                $"History: the schema lacks migration {missing}. An operator of this version brings it up to date within a minute; look at its log if it did not.");
        return Known[^1];
    }

    private static void RefuseNewer(HashSet<string> applied)
    {
        if (applied.FirstOrDefault(m => !Known.Contains(m)) is { } unknown)
            throw new HistoryUnavailableException(HistoryUnavailableReason.SchemaNewer, false,
                $"History: the schema has migration {unknown}, which this program does not know (its newest is {Known[^1]}). Upgrade this program, or restore a backup made before the upgrade.");
    }

    private async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        // Waiting by asking: a session that waits inside pg_advisory_lock holds a snapshot and would outlive a cancelled caller.
        while (true)
        {
            await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = LockKey } } };
            if ((bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!) return;
            if (waited.Elapsed > connections.Options.MigrationLockTimeout)
                throw new HistoryUnavailableException(HistoryUnavailableReason.Timeout, true,
                    "History: another program has been migrating the schema for too long. Look in pg_stat_activity for application_name 'berth'.");
            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        // A broken session has given the lock back already.
        if (connection.FullState != System.Data.ConnectionState.Open) return;
        await using var command = new NpgsqlCommand("select pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = LockKey } } };
        await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task<HashSet<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string table = HistoryContext.SchemaName + "." + HistoryContext.MigrationsTable;
        await using var exists = new NpgsqlCommand($"select to_regclass('{table}') is not null", connection);
        var applied = new HashSet<string>(StringComparer.Ordinal);
        if (!(bool)(await exists.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!) return applied;
        await using var command = new NpgsqlCommand($"select \"MigrationId\" from {table}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) applied.Add(reader.GetString(0));
        return applied;
    }

    private static IReadOnlyList<string> ReadKnown()
    {
        using var context = new HistoryContextFactory().CreateDbContext([]);
        return [.. context.GetService<IMigrationsAssembly>().Migrations.Keys.Order(StringComparer.Ordinal)];
    }
}
