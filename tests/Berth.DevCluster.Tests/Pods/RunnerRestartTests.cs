using System.Diagnostics;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

public sealed class RunnerRestartTests
{
    [Fact]
    public async Task A_runner_that_is_killed_leaves_nothing_to_its_successor_but_the_truth()
    {
        await using PodCluster cluster = await PodCluster.StartAsync(runner: false);
        string folder = cluster.Options.Directory;
        using Process verb = Start(cluster.KubeConfigFile, folder);
        string? ready = await verb.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith("pod runner ready", ready, StringComparison.Ordinal);
        await cluster.PodAsync("orphaned", $$"""{"containers":[{{PodLifeTests.Looping("slot-0", "(setsid sleep 297 &); ")}}]}""");
        JsonObject pod = await cluster.UntilPodAsync("orphaned", PodLifeTests.Running, "the pod to run");
        string? boot = (await cluster.Api.GetAsync("api/v1/nodes/dev-node-0", CancellationToken.None)).Text("status", "nodeInfo", "bootID");
        string[] record = await File.ReadAllLinesAsync(Directory.GetFiles(Path.Combine(folder, "s")).Single());
        (int pid, long ticks) = (int.Parse(record[3]), long.Parse(record[4]));
        verb.Kill();
        await verb.WaitForExitAsync();
        Assert.True(ProcessTree.IsAlive(pid, ticks), "a killed runner cannot have ended it");

        await cluster.StartRunnerAsync();
        Assert.False(ProcessTree.IsAlive(pid, ticks));
        JsonObject after = await cluster.UntilPodAsync("orphaned", static pod => PodLifeTests.Status(pod, "slot-0").Number("restartCount") == 1 && PodLifeTests.Running(pod), "the restart");
        JsonNode? last = PodLifeTests.Status(after, "slot-0").At("lastState", "terminated");
        Assert.Equal((137, "Error"), (last.Number("exitCode"), last.Text("reason")));
        Assert.Equal(PodLifeTests.Status(pod, "slot-0").Text("containerID"), last.Text("containerID"));
        Assert.Equal(boot, (await cluster.Api.GetAsync("api/v1/nodes/dev-node-0", CancellationToken.None)).Text("status", "nodeInfo", "bootID"));
    }

    [Fact]
    public async Task Two_runners_do_not_share_a_directory()
    {
        await using PodCluster cluster = await PodCluster.StartAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => PodRunner.StartAsync(cluster.Options, CancellationToken.None));
        Assert.Contains("--dir", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_runner_leaves_no_process()
    {
        int pid;
        long ticks;
        await using (PodCluster cluster = await PodCluster.StartAsync())
        {
            await cluster.PodAsync("left", $$"""{"containers":[{{PodLifeTests.Looping("c")}}]}""");
            await cluster.UntilPodAsync("left", PodLifeTests.Running, "the pod to run");
            (pid, _) = await cluster.PidsAsync("left", "c");
            ticks = ProcessTree.StartTicks(pid) ?? 0;
        }

        await Wait.UntilAsync(() => !ProcessTree.IsAlive(pid, ticks), "its end");
    }

    [Theory]
    [InlineData("--nodes many", "'many' is no count")]
    [InlineData("--image x", "--image wants NAME=DIR, not 'x'")]
    [InlineData("--start-delay soon", "'soon' is no duration; write one such as 500ms, 10s or 2m")]
    [InlineData("--what 1", "unknown option --what")]
    [InlineData("--dir", "--dir needs a value")]
    public void A_wrong_command_line_says_what_is_wrong(string line, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => PodsVerb.Parse(line.Split(' '))).Message);

    [Fact]
    public void A_command_line_becomes_options()
    {
        PodRunnerOptions options = PodsVerb.Parse("--kubeconfig k --dir d --nodes 3 --image a:1=/x --start-delay 500ms --schedule never".Split(' '));
        Assert.Equal(("k", "d", 3, TimeSpan.FromSeconds(0.5), (bool?)false, "/x"),
            (options.KubeConfig, options.Directory, options.Nodes, options.StartDelay, options.Schedule, options.Images["a:1"]));
    }

    private static Process Start(string kubeConfig, string folder) => Process.Start(
        new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Berth.DevCluster"), ["pods", "--kubeconfig", kubeConfig, "--dir", folder])
        {
            RedirectStandardOutput = true,
        })!;
}
