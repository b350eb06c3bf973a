using System.Diagnostics;
using Berth.Testing;
using Xunit;

namespace Berth.History.Tests;

/// <summary>A database on a file system of a few megabytes.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_is_named_and_nothing_acknowledged_is_lost()
    {
        await using var server = await PostgresServer.StartAsync(alwaysPrivate: true, BreakableServer.Durable);
        var tiny = server.Directory + "/tiny";
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small tmpfs needs root");
        Assert.SkipUnless(await RunAsync("install", "-d", "-o", "postgres", tiny) && await RunAsync("mount", "-t", "tmpfs", "-o", "size=40m,mode=0777", "tmpfs", tiny), "tmpfs cannot be mounted here");
        try
        {
            Assert.True(await RunAsync("install", "-d", "-o", "postgres", "-m", "0700", tiny + "/space"));
            await server.ExecuteAsync($"create tablespace tiny location '{tiny}/space'");
            var connection = await server.CreateDatabaseAsync("template0 tablespace tiny");
            await using var store = new HistoryStore(connection);
            await store.MigrateAsync();
            var record = new IndependentRecord();
            HistoryUnavailableException? full = null;
            for (var i = 0; full is null; i++)
            {
                Assert.True(i < 200, "the disk never filled");
                try
                {
                    await record.WriteAsync(store, Make.Uid(), [.. Enumerable.Range(1, 2_000).Select(s => (long)s)]);
                }
                catch (HistoryUnavailableException e)
                {
                    full = e;
                }
            }
            Assert.Equal(HistoryUnavailableReason.DiskFull, full.Reason);
            Assert.True(full.Retryable);
            Assert.True(await RunAsync("mount", "-o", "remount,size=120m", tiny));
            await record.InsistAsync(store, Make.Uid(), 1, 2, 3);
            await record.VerifyAsync(store);
        }
        finally
        {
            await server.CrashAsync();
            Assert.True(await RunAsync("umount", "-l", tiny));
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
