using System.Diagnostics;
using Berth.DevCluster.Pods.Containers;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

public sealed class ContainerProcessTests : IDisposable
{
    private readonly ContainerBench _bench = new();

    public void Dispose() => _bench.Dispose();

    private void NeedsNamespaces() => Assert.SkipWhen(_bench.Launcher.Isolation == Isolation.None, "this machine allows no namespaces");

    [Theory]
    [InlineData("exit 0", 0, 0)]
    [InlineData("exit 7", 7, 0)]
    [InlineData("trap '' TERM; exit 143", 143, 0)]
    public async Task Exit_codes_are_what_the_process_said(string script, int code, int signal)
    {
        var (exit, _) = await _bench.RunAsync(script);
        Assert.Equal((code, signal), (exit.ExitCode, exit.Signal));
    }

    [Fact]
    public async Task A_kill_is_seen_with_its_signal_and_at_once()
    {
        var (process, _) = await _bench.StartAsync("sleep 60 & sleep 60");
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, Native.kill(process.MainPid, Native.SignalKill));
        ExitStatus exit = await process.Exited.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((137, 9), (exit.ExitCode, exit.Signal));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"noticed only after {clock.Elapsed}");
    }

    [Fact]
    public async Task Output_is_whole_when_the_end_is_told()
    {
        var (_, output) = await _bench.RunAsync("seq 1 20000; echo oops >&2; printf last");
        Assert.Contains("\n20000\n", output, StringComparison.Ordinal);
        Assert.Contains("oops\n", output, StringComparison.Ordinal);
        Assert.EndsWith("last\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_process_is_the_first_of_its_own_namespace_and_session()
    {
        NeedsNamespaces();
        var (_, output) = await _bench.RunAsync("echo $$; ls /proc | grep -c '^[0-9]'; cut -d' ' -f6 /proc/self/stat");
        string[] lines = output.Split('\n');
        Assert.Equal("1", lines[0]);
        Assert.True(int.Parse(lines[1]) < 8, $"it sees {lines[1]} processes");
        Assert.True(int.Parse(lines[2]) <= 1, $"its session is {lines[2]}");
    }

    [Fact]
    public async Task Nothing_outlives_the_first_process()
    {
        var (process, log) = await _bench.StartAsync("(setsid sleep 300 >/dev/null 2>&1 &) ; sleep 300 & echo up; wait");
        await Wait.UntilAsync(async () => (await ContainerBench.TextAsync(log)).Contains("up") && process.Pids().Count >= 3, "all to be up");
        IReadOnlyList<int> pids = process.Pids();
        long[] ticks = [.. pids.Select(pid => ProcessTree.StartTicks(pid) ?? 0)];
        Assert.Equal(0, Native.kill(process.MainPid, Native.SignalKill));
        await process.Exited.WaitAsync(TimeSpan.FromSeconds(10));
        for (int index = 0; index < pids.Count; index++)
        {
            int at = index;
            await Wait.UntilAsync(() => !ProcessTree.IsAlive(pids[at], ticks[at]), $"process {pids[at]} to be dead");
        }
    }

    [Fact]
    public async Task No_descriptor_signal_setting_or_variable_of_ours_reaches_it()
    {
        var (_, output) = await _bench.RunAsync("ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status; env | cut -d= -f1 | sort | tr '\\n' ' '");
        string[] lines = output.Split('\n');
        Assert.True(int.Parse(lines[0]) <= 5, $"{lines[0]} descriptors are open");
        // Signals 32 and 33 are the C library's own, which nobody can set.
        ulong ignored = Convert.ToUInt64(lines[1].Split('\t')[1], 16) & ~(3UL << 31);
        Assert.Equal(0UL, ignored);
        Assert.Equal($"{ProcessTree.MarkerVariable} PATH PWD".Split(' '), lines[2].Trim().Split(' ').Where(static name => name != "_"));
    }

    [Fact]
    public async Task Volumes_appear_at_their_paths_and_the_host_gets_no_directory()
    {
        NeedsNamespaces();
        string data = _bench.NewFolder("data"), fixedData = _bench.NewFolder("fixed"), token = _bench.NewFolder("token");
        await File.WriteAllTextAsync(Path.Combine(fixedData, "key"), "value");
        await File.WriteAllTextAsync(Path.Combine(token, "token"), "abc");
        string unlikely = $"/var/lib/{Guid.NewGuid():n}/deep/er";
        VolumeMount[] mounts =
        [
            new(data, "/berth/slots", false),
            new(fixedData, unlikely, true),
            new(token, "/var/run/secrets/kubernetes.io/serviceaccount", true),
            new(Path.Combine(fixedData, "key"), "/etc/berth-key.conf", true),
            new(token, "/berth/slots/inner", false),
        ];
        var (exit, output) = await _bench.RunAsync(
            $"echo hello > /berth/slots/file; cat {unlikely}/key; echo; (echo x > {unlikely}/key) 2>&1 | grep -o Read-only; "
            + "cat /var/run/secrets/kubernetes.io/serviceaccount/token /etc/berth-key.conf /berth/slots/inner/token; echo; test -e /etc/passwd && echo host",
            command => command with { Mounts = mounts });
        Assert.Equal(0, exit.ExitCode);
        Assert.Equal("value\nRead-only\nabcvalueabc\nhost\n", output);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(data, "file")));
        Assert.False(Directory.Exists(Path.GetDirectoryName(Path.GetDirectoryName(unlikely))!), "the host got a directory");
        Assert.False(Path.Exists("/berth") || Path.Exists("/etc/berth-key.conf") || Path.Exists("/run/secrets/kubernetes.io"), "the host got an entry");
        Assert.DoesNotContain(_bench.Folder + "/r", await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_in_a_shared_volume_connects_two_containers()
    {
        NeedsNamespaces();
        string shared = _bench.NewFolder("s");
        ContainerCommand Mounted(ContainerCommand command) => command with { Mounts = [new(shared, "/slots/slot-0", false)] };
        var (server, _) = await _bench.StartAsync(
            "exec perl -MIO::Socket::UNIX -e '$s=IO::Socket::UNIX->new(Local=>\"/slots/slot-0/sock\",Listen=>1) or die; $c=$s->accept; print $c \"hi\\n\"; sleep 60'", Mounted);
        await Wait.UntilAsync(() => File.Exists(Path.Combine(shared, "sock")) || server.Exited.IsCompleted, "the socket");
        var (_, output) = await _bench.RunAsync(
            "exec perl -MIO::Socket::UNIX -e '$s=IO::Socket::UNIX->new(Peer=>\"/slots/slot-0/sock\") or die $!; print scalar <$s>'", Mounted);
        Assert.Equal("hi\n", output);
    }

    [Fact]
    public async Task Exec_runs_inside_and_leaves_the_container_alone()
    {
        NeedsNamespaces();
        string data = _bench.NewFolder("data");
        var (process, _) = await _bench.StartAsync("echo $$ > /d/pid; exec sleep 60", command => command with { Mounts = [new(data, "/d", false)] });
        await Wait.UntilAsync(() => File.Exists(Path.Combine(data, "pid")), "the container to be up");
        using var log = new ContainerLog(Path.Combine(_bench.Folder, "exec.log"), 1 << 20);
        ContainerProcess guest = await process.ExecAsync(_bench.Reactor, _bench.Launcher, ["sh", "-c", "cat /d/pid; cat /proc/1/comm; exit 3"], log);
        ExitStatus exit = await guest.Exited.WaitAsync(TimeSpan.FromSeconds(10));
        log.Complete();
        Assert.Equal(3, exit.ExitCode);
        Assert.Equal("1\nsleep\n", await ContainerBench.TextAsync(log));
        Assert.False(process.Exited.IsCompleted);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_start_error()
    {
        var refused = await Assert.ThrowsAsync<ContainerStartException>(
            () => _bench.StartAsync("", command => command with { Arguments = ["no-such-program-xyz"] }));
        Assert.Equal("exec: \"no-such-program-xyz\": executable file not found in $PATH", refused.Message);
        refused = await Assert.ThrowsAsync<ContainerStartException>(
            () => _bench.StartAsync("", command => command with { WorkingDirectory = "/no/such/folder" }));
        Assert.Contains("/no/such/folder", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_costs_little()
    {
        await _bench.RunAsync("exit 0");
        var times = new List<double>();
        for (int round = 0; round < 20; round++)
        {
            var clock = Stopwatch.StartNew();
            var (process, _) = await _bench.StartAsync("exit 0");
            times.Add(clock.Elapsed.TotalMilliseconds);
            await process.Exited.WaitAsync(TimeSpan.FromSeconds(10));
        }

        times.Sort();
        TestContext.Current.SendDiagnosticMessage($"start p50 {times[10]:0.0} ms, max {times[^1]:0.0} ms");
        Assert.True(times[10] < 30, $"the median start took {times[10]:0.0} ms");
    }
}
