using Berth.Cli.Dev.Processes;
using Berth.DevCluster;
using Xunit;

namespace Berth.Cli.Tests.Dev;

public class ProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_process_is_meant_by_its_id_and_start()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        Assert.True(self.IsAlive);
        Assert.False((self with { Started = self.Started + 1 }).IsAlive);
        Assert.Equal(self, ProcessIdentity.Parse(self.ToString()));
    }

    [Fact]
    public async Task A_program_that_ignores_TERM_is_killed_after_its_grace()
    {
        using var scratch = new Scratch();
        using var child = Shell(scratch, "trap '' TERM; echo ready; while :; do sleep 0.1; done");
        await ConditionAsync(() => File.Exists(scratch.File("log")) && File.ReadAllText(scratch.File("log")).Contains("ready", StringComparison.Ordinal));
        await child.StopAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal(128 + Posix.Kill, await child.Exit);
        Assert.False(child.Identity.IsAlive);
    }

    [Fact]
    public async Task Descendants_are_found_through_every_generation()
    {
        using var scratch = new Scratch();
        using var child = Shell(scratch, "sh -c 'sleep 300 & wait' & wait");
        await ConditionAsync(() => ProcessTable.WithDescendants([child.Identity]).Count >= 3);
        var all = ProcessTable.WithDescendants([child.Identity]);
        foreach (var process in all) process.Signal(Posix.Kill);
        await ConditionAsync(() => !all.Any(p => p.IsAlive));
    }

    [Fact]
    public async Task A_supervised_program_is_started_again_until_it_is_stopped()
    {
        using var scratch = new Scratch();
        using var stop = new CancellationTokenSource();
        var program = new SupervisedProgram(new("counting", scratch.File("log"), "/bin/sh", ["-c", "echo run; exec sleep 300"]), TimeSpan.FromSeconds(5), () => { });
        var running = program.RunAsync(stop.Token);
        await ConditionAsync(() => program.Identity is not null);
        var first = program.Identity!.Value;
        Assert.True(first.Signal(Posix.Kill));
        await ConditionAsync(() => program.Identity is { } next && next != first);
        Assert.Equal((1, 128 + Posix.Kill), (program.Restarts, program.LastExit));
        await stop.CancelAsync();
        await program.StopAsync();
        await running.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(1, program.Restarts);
    }

    [Fact]
    public void Ports_are_free_and_different() => Assert.Equal(6, FreePorts.Take(6).Distinct().Count());

    private static ChildProcess Shell(Scratch scratch, string script) => ChildProcess.Run(new("shell", scratch.File("log"), "/bin/sh", ["-c", script]));

    private static async Task ConditionAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds()) await Task.Delay(20, limit.Token);
    }
}
