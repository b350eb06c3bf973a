using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Berth.Testing;
using Npgsql;
using Xunit;

namespace Berth.History.Tests;

/// <summary>A server that these cases may break.</summary>
public sealed class BreakableServer : IAsyncLifetime
{
    // Commits wait for the log: what is acknowledged must survive a crash here, as it would in production.
    public const string Durable = "-c synchronous_commit=on";

    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync(alwaysPrivate: true, Durable);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>Each way in which PostgreSQL can be away: a typed error in bounded time, and afterwards nothing missing.</summary>
public sealed class OutageTests(BreakableServer broken) : IClassFixture<BreakableServer>
{
    private static readonly HistoryOptions Impatient = new() { ConnectTimeout = TimeSpan.FromSeconds(1), CommandTimeout = TimeSpan.FromSeconds(1) };

    private PostgresServer Server => broken.Server;

    [Fact]
    public async Task Down_it_says_so_at_once_and_goes_on_when_it_is_back()
    {
        await using var store = await NewStoreAsync();
        var record = new IndependentRecord();
        await record.WriteAsync(store, Make.Uid(), 1, 2, 3);
        await Server.StopAsync();
        try
        {
            await FailsAsync(store, HistoryUnavailableReason.Unreachable, TimeSpan.FromSeconds(30));
        }
        finally
        {
            await Server.StartAgainAsync();
        }
        await record.WriteAsync(store, Make.Uid(), 1, 2);
        await record.VerifyAsync(store);
    }

    [Fact]
    public async Task Restarted_between_two_calls_nobody_notices()
    {
        await using var store = await NewStoreAsync();
        var record = new IndependentRecord();
        await record.WriteAsync(store, Make.Uid(), 1, 2, 3);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.PingAsync()));
        await Server.RestartAsync();
        await record.WriteAsync(store, Make.Uid(), 1);
        await Server.CrashAsync();
        await Server.StartAgainAsync();
        await record.WriteAsync(store, Make.Uid(), 1, 2);
        await record.VerifyAsync(store);
    }

    [Fact]
    public async Task Frozen_the_caller_does_not_hang_with_it()
    {
        await using var store = await NewStoreAsync(Impatient);
        var record = new IndependentRecord();
        var uid = Make.Uid();
        await record.WriteAsync(store, uid, 1, 2);
        await Server.FreezeAsync();
        try
        {
            await FailsAsync(store, HistoryUnavailableReason.Timeout, TimeSpan.FromSeconds(40));
            await FailsAsync(store, HistoryUnavailableReason.Timeout, TimeSpan.FromSeconds(40));
        }
        finally
        {
            await Server.ThawAsync();
        }
        await record.WriteAsync(store, uid, 2, 3);
        await record.VerifyAsync(store);
    }

    [Fact]
    public async Task An_address_where_nobody_speaks_times_out()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var store = new HistoryStore($"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=u;Database=d", Impatient);
        await FailsAsync(store, HistoryUnavailableReason.Timeout, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_locked_table_times_out_and_is_written_afterwards()
    {
        var connection = await Server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection, Impatient);
        await store.MigrateAsync();
        await using var other = new NpgsqlConnection(connection);
        await other.OpenAsync();
        await using (var transaction = await other.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("lock table berth.tasks in access exclusive mode", other);
            await command.ExecuteNonQueryAsync();
            await FailsAsync(store, HistoryUnavailableReason.Timeout, TimeSpan.FromSeconds(30));
        }
        var record = new IndependentRecord();
        await record.WriteAsync(store, Make.Uid(), 1, 2, 3);
        await record.VerifyAsync(store);
    }

    [Fact]
    public async Task Slow_it_is_waited_for_and_too_slow_it_is_given_up_and_written_afterwards()
    {
        var connection = await Server.CreateDatabaseAsync();
        // Generous towards a busy machine: what is slow by itself here is far below the limit, and what is too slow far above.
        await using var store = new HistoryStore(connection, new HistoryOptions { CommandTimeout = TimeSpan.FromSeconds(5) });
        await store.MigrateAsync();
        await using var other = new NpgsqlConnection(connection);
        await other.OpenAsync();
        async Task SleepAsync(double seconds)
        {
            await using var command = new NpgsqlCommand(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"create or replace function berth.slow() returns trigger language plpgsql as $$ begin perform pg_sleep({seconds}); return null; end $$; create or replace trigger slow after insert on berth.transitions for each statement execute function berth.slow()"), other);
            await command.ExecuteNonQueryAsync();
        }
        var (record, uid) = (new IndependentRecord(), Make.Uid());
        await SleepAsync(0.7);
        await record.WriteAsync(store, uid, 1, 2);
        await SleepAsync(60);
        Assert.Equal(HistoryUnavailableReason.Timeout, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => store.WriteTransitionsAsync([Make.Batch(uid, 2, 3)]))).Reason);
        await SleepAsync(0);
        await record.WriteAsync(store, uid, 2, 3, 4);
        await record.VerifyAsync(store);
    }

    [Fact]
    public async Task Read_only_it_can_be_read_and_says_that_it_takes_no_writes()
    {
        var connection = await Server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection);
        await store.MigrateAsync();
        var record = new IndependentRecord();
        await record.WriteAsync(store, Make.Uid(), 1, 2);
        var database = new NpgsqlConnectionStringBuilder(connection).Database;
        await Server.ExecuteAsync($"alter database {database} set default_transaction_read_only = on");
        await using var strict = new HistoryStore(connection + ";Application Name=second");
        await FailsAsync(strict, HistoryUnavailableReason.ReadOnly, TimeSpan.FromSeconds(30));
        Assert.Equal(HistoryUnavailableReason.ReadOnly, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => strict.PingAsync())).Reason);
        await record.VerifyAsync(strict);
        await Server.ExecuteAsync($"alter database {database} set default_transaction_read_only = off");
        await using var again = new HistoryStore(connection + ";Application Name=third");
        await record.WriteAsync(again, Make.Uid(), 1, 2, 3);
        await record.VerifyAsync(again);
    }

    [Fact]
    public async Task A_wrong_password_is_named_and_not_tried_again()
    {
        var name = "locked_" + Guid.NewGuid().ToString("N")[..8];
        await Server.ExecuteAsync($"create role {name} login password 'right'");
        var rules = Server.Directory + "/data/pg_hba.conf";
        await File.WriteAllTextAsync(rules, $"host all {name} 127.0.0.1/32 scram-sha-256\n" + await File.ReadAllTextAsync(rules));
        await Server.ExecuteAsync("select pg_reload_conf()");
        var connection = new NpgsqlConnectionStringBuilder(await Server.CreateDatabaseAsync()) { Username = name, Password = "wrong" };
        await Server.ExecuteAsync($"grant create on database {connection.Database} to {name}");
        await using var wrong = new HistoryStore(connection.ConnectionString);
        await using var none = new HistoryStore(new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Password = null }.ConnectionString);
        // The rules are read by a signal: poll until they hold.
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var error = await Assert.ThrowsAsync<HistoryUnavailableException>(() => wrong.PingAsync());
            if (error.Reason == HistoryUnavailableReason.WrongPassword)
            {
                Assert.False(error.Retryable);
                Assert.DoesNotContain("wrong", error.Message);
                break;
            }
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), error.Message);
        }
        Assert.Equal(HistoryUnavailableReason.WrongPassword, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => none.PingAsync())).Reason);

        // The right one, for a while the wrong one, and the right one again.
        await using var right = new HistoryStore(new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Password = "right", Pooling = false }.ConnectionString);
        await right.MigrateAsync();
        var (record, uid) = (new IndependentRecord(), Make.Uid());
        await record.WriteAsync(right, uid, 1, 2);
        await Server.ExecuteAsync($"alter role {name} password 'other'");
        Assert.Equal(HistoryUnavailableReason.WrongPassword, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => right.WriteTransitionsAsync([Make.Batch(uid, 2, 3)]))).Reason);
        await Server.ExecuteAsync($"alter role {name} password 'right'");
        await record.WriteAsync(right, uid, 2, 3, 4);
        await record.VerifyAsync(right);
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        await using var store = new HistoryStore(new NpgsqlConnectionStringBuilder(Server.ConnectionString) { Database = "nowhere" }.ConnectionString);
        Assert.Equal(HistoryUnavailableReason.Misconfigured, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => store.MigrateAsync())).Reason);
    }

    [Fact]
    public async Task Ended_sessions_in_the_middle_of_writes_lose_nothing()
    {
        var connection = await Server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection);
        await store.MigrateAsync();
        var record = new IndependentRecord();
        using var done = new CancellationTokenSource();
        var killer = Task.Run(async () =>
        {
            // Not for ever: on a machine so busy that a write takes longer than the pause between two of these, no write would ever end.
            for (var kills = 0; kills < 60 && !done.IsCancellationRequested; kills++)
            {
                await Server.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth'");
                await Task.Delay(20);
            }
        });
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) => await record.InsistAsync(store, Make.Uid(), 1, 2, 3, 4));
        await done.CancelAsync();
        await killer;
        await record.VerifyAsync(store);
    }

    private async Task<HistoryStore> NewStoreAsync(HistoryOptions? options = null)
    {
        var connection = await Server.CreateDatabaseAsync();
        await using (var migrator = new HistoryStore(connection + ";Pooling=false")) await migrator.MigrateAsync();
        return new HistoryStore(connection, options);
    }

    private static async Task FailsAsync(HistoryStore store, HistoryUnavailableReason reason, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<HistoryUnavailableException>(() => store.WriteTransitionsAsync([Make.Batch(Make.Uid(), 1)]));
        Assert.Equal(reason, error.Reason);
        Assert.True(error.Retryable);
        Assert.True(watch.Elapsed < limit, $"took {watch.Elapsed}");
    }
}
