using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>Every reason to refuse; each time nothing is started, then or later.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private readonly FaultyDisk _disk = new();
    private ScriptedGateway _gateway = null!;
    private PodUnderTest _pod = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _pod = new PodUnderTest(_gateway, slots: 2, disk: _disk);
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
    public async Task An_order_of_a_lower_epoch()
    {
        var good = Orders.Sh("true") with { Epoch = 5 };
        await _gateway.SendAsync(good);
        await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == good.Attempt);
        await RefusedAsync(Orders.Sh("true") with { Epoch = 4 }, RefusalReasons.StaleEpoch);
        Assert.Equal(5, _gateway.All<Refused>()[0].HighestEpoch);
        await _gateway.SendAsync(new Ack { Epoch = 4, Attempt = good.Attempt });
        var inventory = await _gateway.ExpectAsync<Inventory>(i => i.HighestEpoch == 5 && i.Attempts.Any(a => a.State == AttemptState.Finished));
        Assert.NotNull(inventory.Attempts.Single(a => a.Attempt == good.Attempt).Result);
    }

    [Fact]
    public async Task A_slot_that_runs_something()
    {
        var long_ = Orders.Sh("sleep 100");
        await _gateway.SendAsync(long_);
        await _gateway.ExpectAsync<Started>(s => s.Attempt == long_.Attempt);
        await RefusedAsync(Orders.Sh("true"), RefusalReasons.SlotTaken);
    }

    [Fact]
    public async Task A_slot_that_keeps_the_plan_of_another_task()
    {
        var (plan, _) = await PlannedAsync();
        await RefusedAsync(Orders.Sh("true") with { TaskUid = "other-task" }, RefusalReasons.SlotTaken);
        Assert.True(File.Exists(Path.Combine(_pod.WorkDirectory(), plan.Attempt, "plan.out")));
    }

    [Fact]
    public async Task An_attempt_that_was_seen()
    {
        var order = Orders.Sh("echo once >> ../../ledger");
        await _gateway.SendAsync(order);
        await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        await _gateway.SendAsync(order);
        await _gateway.ExpectAsync<Refused>(r => r.Attempt == order.Attempt && r.Reason == RefusalReasons.AlreadySeen);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(_pod.Directory, "w", "ledger")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_journal_that_cannot_be_written(bool flush)
    {
        (_disk.FailFlushes, _disk.FailWrites) = (flush, !flush);
        await RefusedAsync(Orders.Sh("true"), RefusalReasons.JournalUnwritable);
        var unavailable = await _gateway.ExpectAsync<Inventory>(i => i.Unavailable is not null);
        Assert.Contains("cannot be written", unavailable.Unavailable, StringComparison.Ordinal);
        (_disk.FailFlushes, _disk.FailWrites) = (false, false);
        var next = Orders.Sh("true");
        await _gateway.SendAsync(next);
        await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == next.Attempt);
    }

    /// <summary>Such an order was on its way while the slot's container was restarted. Its operator takes the later boot for a proof that it is dead.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public async Task An_order_for_another_boot_of_the_runner(long boot)
    {
        await RefusedAsync(Orders.Sh("true") with { RunnerBoot = boot }, RefusalReasons.RunnerReplaced);
        var next = Orders.Sh("true") with { RunnerBoot = 1 };
        await _gateway.SendAsync(next);
        await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == next.Attempt);
    }

    [Fact]
    public async Task An_apply_for_another_boot_of_the_runner()
    {
        var (plan, result) = await PlannedAsync();
        await RefusedAsync(Orders.Apply(plan, result, "true") with { RunnerBoot = 2 }, RefusalReasons.RunnerReplaced);
    }

    [Fact]
    public async Task A_slot_without_a_runner() => await RefusedAsync(Orders.Sh("true") with { Slot = 1 }, RefusalReasons.RunnerAbsent);

    [Fact]
    public async Task A_draining_pod()
    {
        await _gateway.SendAsync(new Drain { Epoch = 1, On = true });
        await RefusedAsync(Orders.Sh("true"), RefusalReasons.Draining);
        await _gateway.SendAsync(new Drain { Epoch = 1, On = false });
        var next = Orders.Sh("true");
        await _gateway.SendAsync(next);
        await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == next.Attempt);
    }

    [Fact]
    public async Task An_apply_without_its_plan_directory()
    {
        var (plan, result) = await PlannedAsync();
        await RefusedAsync(Orders.Apply(plan with { Attempt = "task-uid-other" }, result, "true"), RefusalReasons.DirectoryMissing);
    }

    public static TheoryData<string> Differences() =>
        ["digest", "command", "env", "extra secret", "file changed", "file gone", "file is a link", "other run", "other plan", "artifact list"];

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task An_apply_that_differs_from_what_was_approved(string difference)
    {
        var (plan, result) = await PlannedAsync();
        var apply = Orders.Apply(plan, result, "/bin/sh", "-c", "echo applied > ../../ledger");
        var file = Path.Combine(_pod.WorkDirectory(), plan.Attempt, "plan.out");
        switch (difference)
        {
            case "digest": apply = apply with { RunDigest = Digests.Of("other") }; break;
            case "command": apply = apply with { Command = new CommandOrder { Argv = ["/bin/sh", "-c", "echo evil > ../../ledger"] } }; break;
            case "env": apply = apply with { Env = new Dictionary<string, string> { ["TF_VAR_x"] = "1" } }; break;
            case "extra secret": apply = apply with { SecretEnv = new Dictionary<string, string> { ["AWS_KEY"] = "abcdef" } }; break;
            case "file changed": await File.WriteAllTextAsync(file, "plannee\n"); break;
            case "file gone": File.Delete(file); break;
            case "file is a link":
                File.Move(file, file + ".real");
                File.CreateSymbolicLink(file, file + ".real");
                break;
            case "other run": apply = apply with { Run = 2 }; break;
            case "other plan": apply = Orders.Apply(plan with { Attempt = "task-uid-other" }, result, [.. apply.Command!.Argv]) with { Directory = plan.Attempt }; break;
            case "artifact list": apply = apply with { Restore = [] }; break;
        }
        await RefusedAsync(apply, RefusalReasons.ManifestMismatch);
        Assert.False(File.Exists(Path.Combine(_pod.Directory, "w", "ledger")));
    }

    [Fact]
    public async Task A_file_without_its_digest() =>
        await RefusedAsync(Orders.Sh("true").WithFiles(("a", "b")) with { FileDigests = new Dictionary<string, string> { ["a"] = Digests.Of("c") } }, RefusalReasons.ManifestMismatch);

    public static TheoryData<string> Nonsense() => ["slot", "negative slot", "command", "path", "absolute path", "artifact path", "apply without manifest", "variable"];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_order_that_makes_no_sense(string nonsense)
    {
        var order = Orders.Sh("true");
        await RefusedAsync(nonsense switch
        {
            "slot" => order with { Slot = 2 },
            "negative slot" => order with { Slot = -1 },
            "command" => order with { Command = null },
            "path" => order.WithFiles(("../x", "")),
            "absolute path" => order.WithFiles(("/tmp/x", "")),
            "artifact path" => order with { Kind = AttemptKind.Plan, Artifacts = ["a/../../b"] },
            "apply without manifest" => order with { Kind = AttemptKind.Apply, Directory = "task-uid-1" },
            _ => order with { Env = new Dictionary<string, string> { ["A=B"] = "" } },
        }, RefusalReasons.Malformed);
    }

    /// <summary>Refused, never started, and refused again when the same order comes late.</summary>
    private async Task RefusedAsync(Assign order, string reason)
    {
        await _gateway.SendAsync(order);
        var refused = await _gateway.ExpectAsync<Refused>(r => r.Attempt == order.Attempt);
        Assert.True(reason == refused.Reason, refused.ToString());
        Assert.NotEmpty(refused.Message);
        _gateway.ForgetFrames();
        await _gateway.SendAsync(order);
        Assert.Equal(reason, (await _gateway.ExpectAsync<Refused>(r => r.Attempt == order.Attempt)).Reason);
        Assert.DoesNotContain(_gateway.All<Started>(), s => s.Attempt == order.Attempt);
    }

    private async Task<(Assign Plan, AttemptResult Result)> PlannedAsync()
    {
        var plan = Orders.Plan("echo planned > plan.out", "plan.out");
        await _gateway.SendAsync(plan);
        var result = await _gateway.ExpectAsync<AttemptResult>(r => r.Attempt == plan.Attempt);
        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        return (plan, result);
    }
}
