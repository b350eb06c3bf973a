using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Berth.Api;
using Berth.Benchmarks.Machinery;
using Berth.Protocol;

namespace Berth.Benchmarks.AgentCost;

/// <summary>What an agent pod costs, without an operator: start, memory, output, and the overhead of a command. <c>--commands=N --megabytes=N</c>.</summary>
internal sealed class AgentBenchmark(MinimalGateway gateway, Gates gates)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private int _number;

    public static async Task<int> RunAsync(string[] words)
    {
        var options = new BenchmarkOptions(words);
        var gates = new Gates("agent");
        var starts = new List<double>();
        for (var round = 0; round < options.Number("--starts", 5, 2, 1); round++)
        {
            await using var throwaway = await MinimalGateway.StartAsync();
            await using var fresh = new AgentPod(throwaway, 3);
            starts.Add((await fresh.StartAsync(throwaway)).TotalMilliseconds);
        }
        gates.Goal("agent and 3 runners: start to ready, p50", new Percentiles(starts).P50, 1000, "ms");
        await using var gateway = await MinimalGateway.StartAsync();
        await using var pod = new AgentPod(gateway, 3);
        await pod.StartAsync(gateway);
        var benchmark = new AgentBenchmark(gateway, gates);
        await benchmark.CommandsAsync(options.Number("--commands", 1000, 200), options.IsGates ? 60 : 20);
        await benchmark.OutputAsync(options.Number("--megabytes", 100, 20, 10) * 1_000_000L);
        await benchmark.MemoryAsync(pod);
        return gates.Report();
    }

    /// <summary><c>true</c> again and again: journal, spool, socket, fork, exec, wait, result, acknowledgement.</summary>
    private async Task CommandsAsync(int count, double most)
    {
        for (var i = 0; i < 20; i++) await gateway.RunAsync(Order(0, "true"), Patience);
        var began = Stopwatch.GetTimestamp();
        var each = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var one = Stopwatch.GetTimestamp();
            var result = await gateway.RunAsync(Order(0, "true"), Patience);
            if (result.Outcome != AttemptOutcome.Succeeded) throw new InvalidOperationException($"true did not succeed: {result.Message}");
            each.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
        }
        var ours = Stopwatch.GetElapsedTime(began).TotalMilliseconds / count;
        var bare = Shell($"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i+1)); done").TotalMilliseconds / count;
        gates.Times($"`true` as an attempt, {count} in a row, each", ours, "ms", "fork and exec in a shell loop", bare, most);
        gates.Note("the same, p99", new Percentiles(each).P99, "ms");
    }

    private async Task OutputAsync(long bytes)
    {
        var script = $"yes 0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefghijklmnopqrstuvwxyz | head -c {bytes}";
        var order = Order(1, "/bin/sh", "-c", script);
        var began = Stopwatch.GetTimestamp();
        var result = await gateway.RunAsync(order, Patience);
        if (result.Outcome != AttemptOutcome.Succeeded) throw new InvalidOperationException($"the printing command did not succeed: {result.Message}");
        var (got, digest) = await gateway.OutputAsync(order.Attempt, Patience);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (bare, wanted) = Bare(script);
        gates.Exactly($"bytes lost of a log of {bytes / 1_000_000} MB", bytes - got + (digest == wanted ? 0 : 1), 0);
        gates.Share("output from the command to the acknowledged end", bytes / 1e6 / seconds, "MB/s", "a pipe whose reader hashes", bytes / 1e6 / bare.TotalSeconds, 0.02);
    }

    private async Task MemoryAsync(AgentPod pod)
    {
        await Wait.UntilAsync(() => gateway.LastInventory!.Slots.All(s => s.Attempt is null), Patience, "all slots are idle");
        gates.Note("resident, agent, idle after that", ProcessMeter.RssMiB(pod.AgentPid), "MiB");
        gates.Note("resident, each runner, idle", pod.RunnerPids.Average(ProcessMeter.RssMiB), "MiB");
        var busy = Enumerable.Range(0, pod.Slots).Select(slot => gateway.RunAsync(Order(slot, "/bin/sh", "-c", "i=0; while [ $i -lt 200 ]; do echo a line of output number $i; sleep 0.02; i=$((i+1)); done"), Patience)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2));
        gates.Goal("resident, agent, three busy slots", ProcessMeter.RssMiB(pod.AgentPid), 100, "MiB");
        await Task.WhenAll(busy);
        gates.Note("resident, agent, at its peak", ProcessMeter.PeakRssMiB(pod.AgentPid), "MiB");
    }

    private Assign Order(int slot, params string[] argv) => new()
    {
        Epoch = 1,
        Attempt = string.Create(CultureInfo.InvariantCulture, $"bench-{++_number}"),
        Kind = AttemptKind.Run,
        Slot = slot,
        Namespace = "bench",
        Task = "bench",
        TaskUid = "bench",
        Run = 1,
        Workspace = "bench",
        Command = new CommandOrder { Argv = argv },
    };

    private static TimeSpan Shell(string script)
    {
        var began = Stopwatch.GetTimestamp();
        using var shell = Process.Start("/bin/sh", ["-c", script]);
        shell.WaitForExit();
        return Stopwatch.GetElapsedTime(began);
    }

    private static (TimeSpan Took, string Digest) Bare(string script)
    {
        var began = Stopwatch.GetTimestamp();
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
        var digest = Convert.ToHexStringLower(SHA256.HashData(shell.StandardOutput.BaseStream));
        shell.WaitForExit();
        return (Stopwatch.GetElapsedTime(began), digest);
    }
}
