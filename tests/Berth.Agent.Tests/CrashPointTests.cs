using System.Globalization;
using Berth.Agent.Journal;
using Berth.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Tests;

/// <summary>An agent that dies between any two writes, before or after the disk had them, starts nothing twice.</summary>
public sealed class CrashPointTests
{
    [Fact]
    public Task At_most_once_over_twenty_crash_points() => RunAsync(0, 20);

    [Fact]
    [Trait("Suite", "Long")]
    public Task At_most_once_over_two_hundred_crash_points() => RunAsync(1000, 200);

    private static async Task RunAsync(int firstSeed, int count)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway, disk: new CrashingDisk(int.MaxValue, false));
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var ledger = Path.Combine(pod.Directory, "w", "ledger");
        var crashes = 0;
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            var random = new Random(seed);
            var order = Orders.Sh("echo $BERTH_ATTEMPT >> ../../ledger") with { Prepare = new CommandOrder { Argv = ["/bin/sh", "-c", "echo prepare-$BERTH_ATTEMPT >> ../../ledger"] } };
            await pod.StopAgentAsync();
            gateway.ForgetFrames();
            var disk = new CrashingDisk(random.Next(2, 18), random.Next(2) == 0);
            pod.Disk = disk;
            pod.StartAgent();
            await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Ready || disk.Crashed);
            if (!disk.Crashed) await TrySendAsync(gateway, order);
            await Eventually.TrueAsync(() => disk.Crashed || gateway.All<AttemptResult>().Any(r => r.Attempt == order.Attempt) || gateway.All<Refused>().Count > 0, $"seed {seed}: crash or result");
            if (disk.Crashed) crashes++;
            await pod.StopAgentAsync();
            gateway.ForgetFrames();
            pod.Disk = new CrashingDisk(int.MaxValue, false);
            pod.StartAgent();
            await pod.ReadyAsync();
            await TrySendAsync(gateway, order); // as a leader that does not know whether it was heard
            var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
            var lines = File.Exists(ledger) ? (await File.ReadAllLinesAsync(ledger)).Where(l => l.EndsWith(order.Attempt, StringComparison.Ordinal)).ToArray() : [];
            Assert.True(lines.Length == lines.Distinct().Count(), $"seed {seed.ToString(CultureInfo.InvariantCulture)}: {string.Join(' ', lines)}");
            Assert.True(result.Outcome == AttemptOutcome.Succeeded && lines.Length == 2, $"seed {seed}: {result}, ledger {string.Join(' ', lines)}");
            await gateway.SendAsync(new Ack { Epoch = 1, Attempt = order.Attempt });
            await gateway.ExpectAsync<Inventory>(i => i.Attempts.Any(a => a.Attempt == order.Attempt && a.State == AttemptState.Acknowledged));
        }
        Assert.True(crashes > count / 2, $"only {crashes} of {count} runs crashed");
    }

    private static async Task TrySendAsync(ScriptedGateway gateway, Assign order)
    {
        try
        {
            await gateway.SendAsync(order);
        }
        catch (Exception e) when (e is System.Net.WebSockets.WebSocketException or InvalidOperationException or ObjectDisposedException)
        {
            // The agent crashed first.
        }
    }

    /// <summary>Ends the agent at one operation: nothing is written any more, nothing follows.</summary>
    private sealed class CrashingDisk(int at, bool afterwards) : IJournalDisk
    {
        private readonly JournalDisk _real = new();
        private int _operations;

        public bool Crashed { get; private set; }

        public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            if (Next() && !afterwards)
            {
                _real.Write(file, bytes[..(bytes.Length / 2)], offset);
                throw new CrashException();
            }
            _real.Write(file, bytes, offset);
            if (Crashed) throw new CrashException();
        }

        public void Flush(SafeFileHandle file)
        {
            if (Next()) throw new CrashException();
        }

        public void FlushDirectory(string directory)
        {
            if (Next()) throw new CrashException();
        }

        private bool Next()
        {
            if (Crashed) throw new CrashException();
            return Crashed = ++_operations >= at;
        }
    }

    private sealed class CrashException : Exception;
}
