using System.Diagnostics;
using Berth.Testing;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Writers that never stop, and a server that does.</summary>
public sealed class ChaosTests
{
    [Fact, Trait("Suite", "Long")]
    public async Task Whatever_happens_to_the_server_what_was_acknowledged_is_there_once_and_in_order()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var server = await PostgresServer.StartAsync(alwaysPrivate: true, BreakableServer.Durable);
        var connection = await server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection, new HistoryOptions { ConnectTimeout = TimeSpan.FromSeconds(1), CommandTimeout = TimeSpan.FromSeconds(2) });
        await store.MigrateAsync();
        var record = new IndependentRecord();
        using var done = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var uid = Make.Uid(); !done.IsCancellationRequested; uid = Make.Uid())
                for (var seq = 1; seq <= 12; seq += 3) await record.InsistAsync(store, uid, [.. Enumerable.Range(Math.Max(1, seq - 2), seq == 1 ? 3 : 5).Select(i => (long)i)]);
        })).ToList();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(60);)
        {
            switch (random.Next(4))
            {
                case 0: await server.RestartAsync(); break;
                case 1: await server.CrashAsync(); await server.StartAgainAsync(); break;
                case 2: await server.FreezeAsync(); await Task.Delay(random.Next(100, 4_000)); await server.ThawAsync(); break;
                default: await server.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth'"); break;
            }
            await Task.Delay(random.Next(100, 1_500));
        }
        await done.CancelAsync();
        await Task.WhenAll(writers);
        await record.VerifyAsync(store);
        Assert.Empty(await store.VerifyAsync(deep: true));
    }
}
