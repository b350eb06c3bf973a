using Berth.DevCluster.Pods.Containers;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

/// <summary>Containers on machines that allow less than root may.</summary>
public sealed class IsolationTests
{
    private static void NeedsUserNamespaces() =>
        Assert.SkipUnless(IsolationProbe.UserNamespacesWork(), "this machine allows no user namespaces");

    private static ContainerBench Bench(string isolation)
    {
        if (isolation == nameof(Isolation.UserNamespace))
        {
            NeedsUserNamespaces();
        }

        return new ContainerBench(Enum.Parse<Isolation>(isolation));
    }

    [Theory]
    [InlineData(nameof(Isolation.UserNamespace))]
    [InlineData(nameof(Isolation.None))]
    public async Task Exit_codes_and_kills_are_seen(string isolation)
    {
        using ContainerBench bench = Bench(isolation);
        var (exit, output) = await bench.RunAsync("echo out; exit 5");
        Assert.Equal((5, "out\n"), (exit.ExitCode, output));
        var (process, log) = await bench.StartAsync("echo up; sleep 60 & wait");
        await Wait.UntilAsync(async () => (await ContainerBench.TextAsync(log)).Contains("up"), "the start");
        Assert.Equal(0, Native.kill(process.MainPid, Native.SignalKill));
        Assert.Equal(137, (await process.Exited.WaitAsync(TimeSpan.FromSeconds(10))).ExitCode);
    }

    [Theory]
    [InlineData(nameof(Isolation.UserNamespace))]
    [InlineData(nameof(Isolation.None))]
    public async Task Nothing_outlives_the_first_process(string isolation)
    {
        using ContainerBench bench = Bench(isolation);
        var (process, _) = await bench.StartAsync("(setsid sleep 296 >/dev/null 2>&1 &); sleep 296 & wait");
        await Wait.UntilAsync(() => process.Pids().Count >= 3, "all to be up");
        (int Pid, long Ticks)[] all = [.. process.Pids().Select(static pid => (pid, ProcessTree.StartTicks(pid) ?? 0))];
        Assert.Equal(0, Native.kill(process.MainPid, Native.SignalKill));
        await process.Exited.WaitAsync(TimeSpan.FromSeconds(10));
        await Wait.UntilAsync(() => !all.Any(static item => ProcessTree.IsAlive(item.Pid, item.Ticks)), "all to be dead");
    }

    [Theory]
    [InlineData(nameof(Isolation.UserNamespace))]
    [InlineData(nameof(Isolation.None))]
    public async Task Volumes_are_reached_by_their_mount_paths(string isolation)
    {
        using ContainerBench bench = Bench(isolation);
        string data = bench.NewFolder("it's data");
        var (exit, output) = await bench.RunAsync("", command => command with
        {
            Arguments = ["sh", "-c", "echo $0 > $BERTH_SLOT/file; cat \"$1\"; pwd", "hello", "/berth/slot/file"],
            Environment = [.. command.Environment, "BERTH_SLOT=/berth/slot/"],
            WorkingDirectory = "/berth/slot",
            Mounts = [new VolumeMount(data, "/berth/slot", false)],
        });
        Assert.True(exit.ExitCode == 0 || isolation == nameof(Isolation.None), output);
        if (isolation == nameof(Isolation.UserNamespace))
        {
            Assert.Equal("hello\n/berth/slot\n", output);
            Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(data, "file")));
        }

        Assert.False(Directory.Exists("/berth"), "the host got a directory");
    }

    [Fact]
    public void Without_namespaces_paths_are_rewritten_where_they_can_be_recognised()
    {
        ContainerCommand command = Rewritten.For(new ContainerCommand
        {
            Arguments = ["run", "/berth/slot/a", "--dir=/berth/slot", "/berthed/slot"],
            Environment = ["BERTH_DIR=/berth/slot", "BERTH_CACHE=/berth/slot/cache/x", "OTHER=/berth/slot"],
            WorkingDirectory = "/berth/slot",
            Root = "/r",
            Mounts = [new("/h/0", "/berth/slot", false), new("/h/1", "/berth/slot/cache", false)],
        });
        Assert.Equal(["run", "/h/0/a", "--dir=/berth/slot", "/berthed/slot"], command.Arguments);
        Assert.Equal(["BERTH_DIR=/h/0", "BERTH_CACHE=/h/1/x", "OTHER=/berth/slot"], command.Environment);
        Assert.Equal("/h/0", command.WorkingDirectory);
    }
}
