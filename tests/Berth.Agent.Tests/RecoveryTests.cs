using System.Diagnostics;
using System.Net.Sockets;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Tests;

/// <summary>Connections, agents and runners die in the middle.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task Output_goes_on_at_the_very_byte_after_a_lost_connection()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("for i in $(seq 1 4000); do echo line $i of the output; [ $((i % 100)) = 0 ] && sleep 0.02; done");
        await gateway.SendAsync(order);
        for (var drop = 1; drop <= 5; drop++)
        {
            var some = drop * 8000;
            await Eventually.TrueAsync(() => gateway.OutputBytesOf(order.Attempt).Length > some, "more output");
            gateway.DropConnections();
            var connections = drop;
            await Eventually.TrueAsync(() => gateway.Connections > connections, "reconnected");
        }
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(string.Concat(Enumerable.Range(1, 4000).Select(i => $"line {i} of the output\n")), await gateway.WholeOutputAsync(order.Attempt));
    }

    [Fact]
    public async Task Output_waits_for_its_acknowledgement_and_keeps_the_agent_busy()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        gateway.AckOutput = false;
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("yes | head -c 3000000");
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        await Eventually.TrueAsync(() => gateway.OutputBytesOf(order.Attempt).Length == ProtocolFacts.OutputWindowBytes, "the window is used");
        await gateway.SendAsync(new Ack { Epoch = 1, Attempt = order.Attempt });
        var busy = await gateway.ExpectAsync<Inventory>(i => i.Attempts.Any(a => a.State == AttemptState.Acknowledged));
        Assert.Equal(3000000, busy.Attempts.Single().UnacknowledgedOutput);
        Assert.Equal(ProtocolFacts.OutputWindowBytes, gateway.OutputBytesOf(order.Attempt).Length);
        gateway.AckOutput = true;
        gateway.DropConnections();
        Assert.Equal(3000000, (await gateway.WholeOutputAsync(order.Attempt)).Length);
        await Eventually.TrueAsync(() => !Directory.Exists(Path.Combine(pod.Options.StateDirectory, "attempts", order.Attempt)), "the spool is emptied");
    }

    [Fact]
    public async Task Killed_agent_loses_neither_the_command_nor_a_byte()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        var agent = pod.StartAgentProcess();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("echo $$ >> ../../ledger; for i in $(seq 1 60); do echo line $i key=$KEY; sleep 0.05; done; until test -e ../../go; do sleep 0.05; done") with { SecretEnv = new Dictionary<string, string> { ["KEY"] = "hunter22" } };
        await gateway.SendAsync(order);
        for (var kill = 0; kill < 2; kill++)
        {
            var some = 200 + kill * 250;
            await Eventually.TrueAsync(() => gateway.OutputBytesOf(order.Attempt).Length > some, "more output");
            agent.Kill();
            agent = pod.StartAgentProcess();
        }
        await gateway.ExpectAsync<Hello>(h => h.Inventory.Attempts.Any(a => a.Attempt == order.Attempt && a.MayRun && a.StartedAt is not null));
        // Only now may the command end: a slow machine must not let it be over before the agent is back.
        await File.WriteAllTextAsync(Path.Combine(pod.Directory, "w", "go"), "");
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(string.Concat(Enumerable.Range(1, 60).Select(i => $"line {i} key=***\n")), await gateway.WholeOutputAsync(order.Attempt));
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(pod.Directory, "w", "ledger")));
    }

    [Fact]
    public async Task A_result_is_kept_over_restarts_until_it_is_acknowledged()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("exit 5");
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        for (var restart = 0; restart < 2; restart++)
        {
            await pod.StopAgentAsync();
            gateway.ForgetFrames();
            pod.StartAgent();
            Assert.Equal(5, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt)).ExitCode);
            Assert.Equal(5, (await gateway.ExpectAsync<Hello>()).Inventory.Attempts.Single().Result!.ExitCode);
        }
        await gateway.SendAsync(new Ack { Epoch = 1, Attempt = order.Attempt });
        await gateway.ExpectAsync<Inventory>(i => i.Attempts.Any(a => a.State == AttemptState.Acknowledged));
        await pod.StopAgentAsync();
        gateway.ForgetFrames();
        pod.StartAgent();
        await pod.ReadyAsync();
        Assert.Empty(gateway.All<AttemptResult>());
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<Refused>(r => r.Reason == RefusalReasons.AlreadySeen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_runner_means_lost_only_once_a_later_one_is_there(bool agentRestartsToo)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        var runner = pod.StartRunner();
        await pod.ReadyAsync();
        var mark = $"{Random.Shared.Next(100_000, 999_999)}";
        var order = Orders.Sh($"echo started; exec sleep {mark}.5");
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<Started>();
        await Eventually.TrueAsync(() => gateway.OutputOf(order.Attempt).Length > 0, "output");
        gateway.ForgetFrames();
        runner.Kill();
        if (agentRestartsToo)
        {
            await pod.StopAgentAsync();
            pod.StartAgent();
        }
        var away = await gateway.ExpectAsync<Inventory>(i => !i.Slots[0].Ready);
        Assert.True(away.Attempts.Single().MayRun);
        Assert.Equal(order.Attempt, away.Slots[0].Attempt);
        await Task.Delay(300); // silence proves nothing, however long
        Assert.Empty(gateway.All<AttemptResult>());
        pod.StartRunner();
        var result = await gateway.ExpectAsync<AttemptResult>();
        Assert.Equal(AttemptOutcome.RunnerLost, result.Outcome);
        Assert.Null(result.ExitCode);
        var back = await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Ready && i.Attempts.Any(a => !a.MayRun));
        Assert.Equal(2, back.Slots[0].RunnerBoot);
        Assert.Equal(1, back.Attempts.Single().RunnerBoot);
        Assert.Equal("", await OutputOf("pgrep", "-f", $"sleep {mark}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_in_the_slot_cannot_pass_for_the_runner(bool whileTheAgentIsAway)
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway, options: o => o with { Probation = TimeSpan.FromSeconds(1) });
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var order = Orders.Sh("sleep 3; echo really done");
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<Started>();
        if (whileTheAgentIsAway)
        {
            await pod.StopAgentAsync();
            gateway.ForgetFrames();
            pod.StartAgent();
        }
        var forged = await ForgeAsync(Path.Combine(pod.Options.SocketsDirectory, "0", "agent.sock"));
        Assert.NotNull(forged?.Refused);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal((AttemptOutcome.Succeeded, 0), (result.Outcome, result.ExitCode));
        Assert.Equal("really done\n", await gateway.WholeOutputAsync(order.Attempt));
        Assert.All(gateway.All<Inventory>(), i => Assert.InRange(i.Slots[0].RunnerBoot, 0, 1));
    }

    [Fact]
    public async Task A_reserved_directory_does_not_outlive_its_runner_but_the_plan_is_still_uploaded()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        for (var i = 0; i < 4; i++) gateway.TransferFaults.Enqueue(503);
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        var runner = pod.StartRunner();
        await pod.ReadyAsync();
        var plan = Orders.Plan("echo planned > plan.out", "plan.out");
        await gateway.SendAsync(plan);
        await gateway.ExpectAsync<AttemptResult>();
        runner.Kill();
        pod.StartRunner();
        await gateway.ExpectAsync<Inventory>(i => i.Slots[0] is { Ready: true, RunnerBoot: 2, Directory: null });
        await gateway.ExpectAsync<Uploaded>(u => u.Attempt == plan.Attempt);
        Assert.True(gateway.Stored.ContainsKey(Digests.Of("planned\n")));
    }

    [Fact]
    public async Task Release_ends_uploads_that_nobody_takes()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        for (var i = 0; i < 1000; i++) gateway.TransferFaults.Enqueue(503);
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        var plan = Orders.Plan("echo planned > plan.out", "plan.out");
        await gateway.SendAsync(plan);
        await gateway.ExpectAsync<AttemptResult>();
        await gateway.SendAsync(new Ack { Epoch = 1, Attempt = plan.Attempt });
        await gateway.SendAsync(new Release { Epoch = 1, Slot = 0, Directory = "another" });
        await gateway.SendAsync(new Release { Epoch = 1, Slot = 0, Directory = plan.Attempt });
        await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Directory is null && i.Attempts.Any(a => a.State == AttemptState.Acknowledged));
        await Eventually.TrueAsync(() => !Directory.Exists(Path.Combine(pod.Options.StateDirectory, "attempts", plan.Attempt)), "the spool is emptied");
        Assert.Empty(gateway.All<Uploaded>());
    }

    [Fact]
    public async Task Ending_pod_takes_no_work_and_finishes_what_runs()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        var agent = pod.StartAgentProcess();
        var runner = pod.StartRunner(graceSeconds: 60);
        await pod.ReadyAsync();
        var order = Orders.Sh("sleep 1; echo finished");
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<Started>();
        await OutputOf("kill", "-TERM", $"{agent.Id}");
        await OutputOf("kill", "-TERM", $"{runner.Id}");
        await gateway.ExpectAsync<Inventory>(i => i.Draining);
        var late = Orders.Sh("true");
        await gateway.SendAsync(late);
        await gateway.ExpectAsync<Refused>(r => r.Attempt == late.Attempt && r.Reason == RefusalReasons.Draining);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        await Eventually.TrueAsync(() => runner.HasExited, "the runner leaves when it is idle");
        Assert.False(agent.HasExited, "the agent still holds a result");
        await gateway.WholeOutputAsync(order.Attempt);
        await gateway.SendAsync(new Ack { Epoch = 1, Attempt = order.Attempt });
        await Eventually.TrueAsync(() => agent.HasExited, "the agent leaves when all is told");
        Assert.Equal(0, agent.ExitCode);
    }

    [Fact]
    public async Task At_the_end_of_the_grace_the_command_gets_TERM_and_the_loss_is_told()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        var runner = pod.StartRunner(graceSeconds: 2);
        await pod.ReadyAsync();
        var order = Orders.Sh("trap 'echo state written; exit 1' TERM; echo up; while :; do sleep 0.05; done");
        await gateway.SendAsync(order);
        await Eventually.TrueAsync(() => gateway.OutputOf(order.Attempt).Length > 0, "up");
        await OutputOf("kill", "-TERM", $"{runner.Id}");
        var result = await gateway.ExpectAsync<AttemptResult>();
        Assert.Equal(AttemptOutcome.RunnerLost, result.Outcome);
        Assert.Contains("state written", await gateway.WholeOutputAsync(order.Attempt), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => runner.HasExited, "gone");
    }

    private static async Task<RunnerWelcome?> ForgeAsync(string path)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                await socket.SendAsync(RunnerWire.Control(new RunnerHello { Slot = 0, Nonce = new string('f', 48) }));
                var payload = new byte[RunnerWire.Header(await ReadAsync(socket, RunnerWire.HeaderBytes)).Length];
                return RunnerWire.Read(await ReadAsync(socket, payload.Length)) as RunnerWelcome;
            }
            catch (SocketException) when (tries < 200)
            {
                await Task.Delay(5); // the agent before is still going, or the next is not there yet
            }
        }
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        var buffer = new byte[length];
        for (var at = 0; at < length;)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(at));
            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
            at += count;
        }
        return buffer;
    }

    private static async Task<string> OutputOf(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }
}
