using System.Diagnostics;
using System.Globalization;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>What the runner does to real processes, with and without a PID namespace of its own.</summary>
public sealed class RunnerTests
{
    public static TheoryData<bool> Modes() => CanUnshare() ? [false, true] : [false];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Nothing_outlives_an_attempt(bool ownNamespace)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner(ownNamespace: ownNamespace);
        await pod.ReadyAsync();
        var mark = $"berth-{Guid.NewGuid():N}";
        // An orphan, a daemon in its own session, one that ignores TERM, and one that was forked twice.
        var order = Orders.Sh($"""
            sh -c 'sleep 1000; : {mark}' &
            setsid sh -c 'sleep 1001; : {mark}' &
            (trap "" TERM HUP INT; sh -c 'trap "" TERM; sleep 1002; : {mark}' &) &
            (setsid setsid sh -c 'sleep 1003; : {mark}' & ) &
            sleep 0.3; echo spawned
            """);
        var bystander = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"sleep 60; : {mark}-bystander"]))!;
        try
        {
            await gateway.SendAsync(order);
            await Eventually.TrueAsync(() => gateway.OutputOf(order.Attempt).Contains("spawned", StringComparison.Ordinal), "output");
            var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
            Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
            Assert.DoesNotContain(Marked(mark), l => !l.Contains("bystander", StringComparison.Ordinal));
            Assert.False(bystander.HasExited, "a process outside the slot was ended");
        }
        finally
        {
            bystander.Kill(true);
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_fork_bomb_is_ended_with_its_attempt(bool ownNamespace)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner(ownNamespace: ownNamespace);
        await pod.ReadyAsync();
        var mark = $"berth-{Guid.NewGuid():N}";
        // Each process replaces itself by two until forty are there, then goes on replacing: bounded, but never still.
        var bomb = $"n=0; while :; do sh -c 'sleep 0.0$1; : {mark}' x $n & n=$(((n+1)%9)); [ $n = 0 ] && wait; done";
        var order = Orders.Sh($"({bomb}) & (setsid sh -c \"{bomb.Replace("$", "\\$", StringComparison.Ordinal)}\" &) ; sleep 0.5; exit 3");
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt, 40);
        Assert.Equal((AttemptOutcome.Failed, 3), (result.Outcome, result.ExitCode));
        Assert.Empty(Marked(mark));
    }

    [Fact]
    public async Task A_hundred_megabytes_of_output_arrive_whole()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        const int Size = 100 * 1024 * 1024;
        var order = Orders.Sh($"yes 0123456789abcde | head -c {Size}; echo -n x >&2");
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt, 60);
        Assert.Equal(Size + 1, result.OutputBytes);
        await gateway.WholeOutputAsync(order.Attempt);
        var bytes = gateway.OutputBytesOf(order.Attempt);
        Assert.Equal(Size + 1, bytes.Length);
        var line = "0123456789abcde\n"u8;
        var at = 0;
        foreach (var b in bytes)
        {
            if (b == (byte)'x') continue;
            if (b != line[at++ % 16]) Assert.Fail($"byte {at} differs");
        }
    }

    [Fact]
    public async Task Output_past_the_limit_is_dropped_with_an_honest_marker()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway, options: o => o with { OutputLimitBytes = 100_000 });
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("yes | head -c 5000000; echo end");
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        var output = await gateway.WholeOutputAsync(order.Attempt);
        Assert.EndsWith("[berth: output is longer than 100000 bytes; the rest is not kept]\n", output, StringComparison.Ordinal);
        Assert.InRange(output.Length, 100_000, 100_200);
        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Theory]
    [InlineData("no-such-program", "command not found; PATH is")]
    [InlineData("/no/such/program", "no such file")]
    [InlineData("/etc/passwd", "not executable")]
    [InlineData("./bad-interpreter", "interpreter")]
    public async Task A_command_that_cannot_start_says_why(string program, string because)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Run(program) with { Prepare = new CommandOrder { Argv = ["/bin/sh", "-c", "printf '#!/no/such/sh\\n' > bad-interpreter; chmod +x bad-interpreter"] } };
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.CannotStart, result.Outcome);
        Assert.Contains(because, result.Message, StringComparison.Ordinal);
        Assert.Contains(program, result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 7", 7, "exit code 7")]
    [InlineData("kill -9 $$", 137, "signal 9")]
    [InlineData("kill -15 $$", 143, "signal 15")]
    [InlineData("echo the reason >&2; exit 1", 1, "the reason")]
    public async Task Exit_codes_and_signals_are_told_apart(string script, int code, string message)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh(script);
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal((AttemptOutcome.Failed, code), (result.Outcome, result.ExitCode));
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Children_get_a_clean_slate()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway, slotEnv: new() { ["FROM_IMAGE"] = "yes", ["BERTH_LEAK"] = "no" });
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("""
            echo "fds:" $(ls /proc/self/fd | tr '\n' ' ')
            echo "image:$FROM_IMAGE leak:$BERTH_LEAK socket:$BERTH_SOCKET task:$BERTH_TASK/$BERTH_NAMESPACE/$BERTH_TASK_UID/$BERTH_RUN/$BERTH_WORKSPACE trace:$TRACEPARENT lit:$LIT"
            grep -E 'SigIgn|SigBlk' /proc/self/status
            umask; [ "$PWD" = "$(pwd)" ] && echo samedir; readlink /proc/self/fd/0
            """) with { TraceParent = "00-1-2-01", Env = new Dictionary<string, string> { ["LIT"] = "eral" } };
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        var output = await gateway.WholeOutputAsync(order.Attempt);
        Assert.Contains("fds: 0 1 2 3\n", output, StringComparison.Ordinal); // 3 is ls itself reading the directory
        Assert.Contains("image:yes leak: socket: task:demo/default/task-uid/1/ws trace:00-1-2-01 lit:eral", output, StringComparison.Ordinal);
        Assert.Contains("SigBlk:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Matches("SigIgn:\t0000000[01][08]0000000\n", output); // but for the two that glibc keeps to itself
        Assert.Contains("0022\nsamedir\n/dev/null", output, StringComparison.Ordinal);
    }

    private static bool CanUnshare()
    {
        using var process = Process.Start(new ProcessStartInfo("unshare", ["--pid", "--fork", "--mount-proc", "true"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static List<string> Marked(string mark)
    {
        var found = new List<string>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out _)) continue;
            try
            {
                var line = File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ');
                if (line.Contains(mark, StringComparison.Ordinal) && !line.Contains("unshare", StringComparison.Ordinal)) found.Add(line);
            }
            catch (IOException)
            {
                // Ended while we looked.
            }
        }
        return found;
    }
}
