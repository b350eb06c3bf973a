using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>How attempts end.</summary>
public sealed class OutcomeTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private PodUnderTest _pod = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _pod = new PodUnderTest(_gateway, options: o => o with { FailedDirectoryKept = TimeSpan.FromSeconds(1) });
        _pod.StartAgent();
        _pod.StartRunner();
        await _pod.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _pod.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Stop_lets_a_command_end_in_order()
    {
        var order = Orders.Sh("trap 'echo tidy; exit 0' TERM; echo up; while :; do sleep 0.05; done") with { GraceSeconds = 20 };
        await _gateway.SendAsync(order);
        await Eventually.TrueAsync(() => _gateway.OutputOf(order.Attempt) == "up\n", "up");
        await _gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 20 });
        var result = await ResultAsync(order);
        Assert.Equal(AttemptOutcome.Stopped, result.Outcome);
        Assert.Contains("tidy", await _gateway.WholeOutputAsync(order.Attempt), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_attempt_used_is_told_and_not_what_its_runner_has()
    {
        var small = Orders.Sh("echo little");
        await _gateway.SendAsync(small);
        Assert.Equal(0, (await ResultAsync(small)).MaxRssKiB);
        // tail keeps what it may have to print.
        var large = Orders.Sh("head -c 210000000 /dev/zero | tail -c 200000000 | wc -c");
        await _gateway.SendAsync(large);
        var result = await ResultAsync(large);
        Assert.InRange(result.MaxRssKiB, 195_000, 400_000);
        Assert.InRange(result.CpuMilliseconds, 1, 120_000);
    }

    [Fact]
    public async Task What_an_attempt_used_is_told_also_where_a_larger_program_became_the_runner()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        // The shell holds 300 MB when it becomes the runner.
        pod.StartRunner(wrapper: ["sh", "-c", "x=$(head -c 300000000 /dev/zero | tr '\\0' x); exec \"$@\"", "sh"]);
        await pod.ReadyAsync();
        var order = Orders.Sh("head -c 130000000 /dev/zero | tail -c 120000000 | wc -c");
        await gateway.SendAsync(order);
        Assert.InRange((await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt)).MaxRssKiB, 115_000, 250_000);
    }

    [Fact]
    public async Task Stop_kills_what_ignores_it_after_the_grace()
    {
        var order = Orders.Sh("trap '' TERM; echo up; (trap '' TERM; sleep 100) & while :; do sleep 0.05; done");
        await _gateway.SendAsync(order);
        await Eventually.TrueAsync(() => _gateway.OutputOf(order.Attempt) == "up\n", "up");
        await _gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 1 });
        var result = await ResultAsync(order);
        Assert.Equal((AttemptOutcome.Stopped, 137), (result.Outcome, result.ExitCode));
    }

    [Fact]
    public async Task What_a_wrapper_leaves_behind_gets_TERM_and_the_rest_of_the_grace()
    {
        var order = Orders.Sh("sh -c 'trap \"echo inner tidy; exit\" TERM; echo up; while :; do sleep 0.05; done'; true");
        await _gateway.SendAsync(order);
        await Eventually.TrueAsync(() => _gateway.OutputOf(order.Attempt) == "up\n", "up");
        await _gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 20 });
        Assert.Equal(AttemptOutcome.Stopped, (await ResultAsync(order)).Outcome);
        Assert.Contains("inner tidy", await _gateway.WholeOutputAsync(order.Attempt), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_of_an_unknown_attempt_bars_it_for_good()
    {
        var order = Orders.Sh("echo ran > ../../ledger");
        await _gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, Slot = 0, Reason = "InputMissing: create it" });
        var result = await ResultAsync(order);
        Assert.Equal("stopped before it started: InputMissing: create it", result.Message);
        Assert.Equal((AttemptOutcome.Stopped, null), (result.Outcome, result.StartedAt));
        await _pod.StopAgentAsync();
        _gateway.ForgetFrames();
        _pod.StartAgent();
        await _pod.ReadyAsync();
        await _gateway.SendAsync(order);
        await _gateway.ExpectAsync<Refused>(r => r.Attempt == order.Attempt && r.Reason == RefusalReasons.AlreadySeen);
        Assert.False(File.Exists(Path.Combine(_pod.Directory, "w", "ledger")));
    }

    [Fact]
    public async Task A_command_past_its_limit_is_ended()
    {
        var order = Orders.Sh("echo begin; sleep 100");
        order = order with { Command = order.Command! with { TimeoutSeconds = 1 } };
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
        Assert.Contains("begin", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_prepare_starts_nothing_more()
    {
        var order = Orders.Sh("echo ran > ../../ledger") with { Prepare = new CommandOrder { Argv = ["/bin/sh", "-c", "echo no network; exit 4"] } };
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        Assert.Equal((AttemptOutcome.PrepareFailed, 4), (result.Outcome, result.ExitCode));
        Assert.Contains("no network", result.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_pod.Directory, "w", "ledger")));
    }

    [Fact]
    public async Task A_plan_without_its_artifact_is_no_plan()
    {
        var order = Orders.Plan("echo fine", "plan.out");
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        Assert.Equal(AttemptOutcome.DescribeFailed, result.Outcome);
        Assert.Contains("plan.out", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Declared_exit_codes_are_no_failure()
    {
        var order = Orders.Plan("exit 2") with { SuccessExitCodes = [0, 2] };
        await _gateway.SendAsync(order);
        Assert.Equal((AttemptOutcome.Succeeded, 2), ((await ResultAsync(order)).Outcome, _gateway.All<AttemptResult>()[0].ExitCode));
    }

    [Fact]
    public async Task The_directory_of_a_failed_attempt_stays_for_a_while()
    {
        var order = Orders.Sh("echo evidence > why; exit 1");
        await _gateway.SendAsync(order);
        await ResultAsync(order);
        Assert.True(File.Exists(Path.Combine(_pod.WorkDirectory(), order.Attempt, "why")));
        await Eventually.TrueAsync(() => Directory.GetDirectories(_pod.WorkDirectory()).Length == 0, "swept");
    }

    [Fact]
    public async Task Secrets_are_masked_in_output_text_and_the_slot_containers_own_output()
    {
        var order = Orders.Plan("echo key=$KEY; printf %s \"$KEY\" | base64; printf 'split-'; sleep 0.2; echo -n hun; sleep 0.2; echo ter22-x", "out") with
        {
            Command = new CommandOrder { Argv = ["/bin/sh", "-c", "echo key=$KEY; printf %s \"$KEY\" | base64; printf hun; sleep 0.2; echo ter22-x; echo a > out"] },
            SecretEnv = new Dictionary<string, string> { ["KEY"] = "hunter22" },
        };
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        const string Expected = "key=***\n***=\n***-x\n";
        Assert.Equal(Expected, await _gateway.WholeOutputAsync(order.Attempt));
        await _gateway.ExpectAsync<Uploaded>();
        Assert.Equal(Digests.Of(Expected), result.Plan!.TextDigest);
        await Eventually.TrueAsync(() => _pod.Lines.Contains("key=***"), "echo");
        Assert.DoesNotContain(_pod.Lines, l => l.Contains("hunter22", StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(_pod.Options.StateDirectory, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)),
            f => File.ReadAllText(f).Contains("hunter22", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Declared_patterns_are_masked_wherever_output_goes()
    {
        var order = Orders.Plan("printf 'key AKIA0123'; sleep 0.2; echo 456789ABCDEF end; echo a > out", "out") with { Mask = ["AKIA[A-Z0-9]{16}"] };
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        const string Expected = "key *** end\n";
        Assert.Equal(Expected, await _gateway.WholeOutputAsync(order.Attempt));
        Assert.Equal(Digests.Of(Expected), result.Plan!.TextDigest);
        await Eventually.TrueAsync(() => _pod.Lines.Contains("key *** end"), "echo");
        Assert.DoesNotContain(_pod.Lines, l => l.Contains("AKIA0123", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_order_whose_pattern_cannot_be_held_against_output_is_refused()
    {
        var order = Orders.Plan("echo a > out", "out") with { Mask = ["(?<=x)y"] };
        await _gateway.SendAsync(order);
        Assert.Contains("(?<=x)y", (await _gateway.ExpectAsync<Refused>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_describer_counts_and_tells()
    {
        var order = Orders.Plan("echo raw", []) with { Describe = PlanDescriber.Command, DescribeCommand = ["/bin/sh", "-c", "printf %s '{\"add\":3,\"change\":1,\"destroy\":2,\"text\":\"nice\\n\",\"semantic\":{\"b\":1,\"a\":2}}'; echo note >&2"] };
        await _gateway.SendAsync(order);
        var result = await ResultAsync(order);
        Assert.True(result.Plan is not null, result.ToString());
        Assert.Equal(new PlanCounts { Add = 3, Change = 1, Destroy = 2 }, result.Plan.Counts);
        Assert.Equal(Digests.Of("nice\n"), result.Plan.TextDigest);
        Assert.True(Digests.IsValid(result.Plan.SemanticDigest));
        Assert.Contains("note", await _gateway.WholeOutputAsync(order.Attempt), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_verifies_what_it_fetches_and_makes_the_slot_ready_for_apply()
    {
        _gateway.Stored[Digests.Of("planned\n")] = "planned\n"u8.ToArray();
        var file = new FileDigest { Path = "sub/plan.out", Digest = Digests.Of("planned\n"), Size = 8 };
        var restore = Orders.Run() with { Kind = AttemptKind.Restore, Command = null, Directory = "task-uid-plan", Restore = [file], Prepare = new CommandOrder { Argv = ["/bin/sh", "-c", "echo init > init"] } };
        _gateway.TransferFaults.Enqueue(503);
        await _gateway.SendAsync(restore.WithFiles(("main.tf", "x")));
        var result = await ResultAsync(restore);
        Assert.True(result.Outcome == AttemptOutcome.Succeeded, result.ToString());
        var plan = restore with { Attempt = "task-uid-plan" };
        var apply = Orders.Apply(plan, result with { Plan = new PlanReport { Artifacts = [file] } }, "/bin/sh", "-c", "cat sub/plan.out init main.tf");
        await _gateway.SendAsync(apply);
        Assert.Equal(AttemptOutcome.Succeeded, (await ResultAsync(apply)).Outcome);
        Assert.Equal("planned\ninit\nx", await _gateway.WholeOutputAsync(apply.Attempt));
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("planneX\n")]
    [InlineData(null)]
    public async Task Restore_of_anything_else_fails(string? stored)
    {
        if (stored is not null) _gateway.Stored[Digests.Of("planned\n")] = System.Text.Encoding.UTF8.GetBytes(stored);
        var restore = Orders.Run() with { Kind = AttemptKind.Restore, Command = null, Directory = "task-uid-plan", Restore = [new FileDigest { Path = "plan.out", Digest = Digests.Of("planned\n"), Size = 8 }] };
        await _gateway.SendAsync(restore);
        var result = await ResultAsync(restore);
        Assert.Equal(AttemptOutcome.RestoreFailed, result.Outcome);
        Assert.False(File.Exists(Path.Combine(_pod.WorkDirectory(), "task-uid-plan", "plan.out")));
    }

    private Task<AttemptResult> ResultAsync(Assign order) => _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
}
