using System.Diagnostics;
using Berth.Testing;
using Npgsql;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Two servers, one of which takes over.</summary>
public sealed class FailoverTests
{
    [Fact]
    public async Task After_a_failover_the_store_follows_and_says_what_the_new_primary_never_received()
    {
        await using var primary = await PostgresServer.StartAsync(alwaysPrivate: true, BreakableServer.Durable);
        var database = await primary.CreateDatabaseAsync();
        await using (var migrator = new HistoryStore(database + ";Pooling=false")) await migrator.MigrateAsync();
        await using var standby = await primary.StartStandbyAsync();
        var both = new NpgsqlConnectionStringBuilder(database) { Host = $"{Address(primary)},{Address(standby)}", Port = 5432 };
        await using var store = new HistoryStore(both.ConnectionString, new HistoryOptions { ConnectTimeout = TimeSpan.FromSeconds(1) });
        var record = new IndependentRecord();
        var uid = Make.Uid();
        await record.WriteAsync(store, uid, 1, 2, 3);
        await CaughtUpAsync(primary, standby);

        // The standby hears nothing of this one: the primary loses it with itself.
        await standby.StopAsync();
        await store.WriteTransitionsAsync([Make.Batch(uid, 4, 5)]);
        await primary.CrashAsync();
        var away = await Assert.ThrowsAsync<HistoryUnavailableException>(() => store.WriteTransitionsAsync([Make.Batch(uid, 5)]));
        Assert.True(away.Retryable);
        await standby.StartAgainAsync();
        await standby.PromoteAsync();
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                await store.PingAsync();
                break;
            }
            catch (HistoryUnavailableException e) when (e.Retryable && limit.Elapsed < TimeSpan.FromSeconds(20))
            {
                // The hosts are asked again after a moment.
            }
        }
        await record.VerifyAsync(store);

        var after = await store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 5, Make.Entry(5), Make.Entry(6))]);
        var lost = Assert.Single(after.Lost);
        Assert.Equal((4L, 4L), (lost.From, lost.To));
        Assert.Equal(6, after.Acknowledged[uid]);
        Assert.Equal([1, 2, 3, 5, 6], (await store.GetTransitionsAsync(uid)).Select(e => e.Seq));
    }

    private static string Address(PostgresServer server) => "127.0.0.1:" + new NpgsqlConnectionStringBuilder(server.ConnectionString).Port;

    private static async Task CaughtUpAsync(PostgresServer primary, PostgresServer standby)
    {
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            var sent = await AskAsync(primary, "select pg_current_wal_lsn()::text");
            var behind = await AskAsync(standby, $"select pg_wal_lsn_diff('{sent}', pg_last_wal_replay_lsn())::bigint");
            if (behind is <= 0L) return;
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), $"the standby is {behind} bytes behind");
        }
    }

    private static async Task<object?> AskAsync(PostgresServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
