using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

public sealed class LifeOfATaskTests
{
    [Fact]
    public async Task Plan_then_apply_on_the_same_slot()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        var ready = await pod.ReadyAsync();
        Assert.Equal(1, ready.Slots[0].RunnerBoot);

        var plan = Orders.Plan("cat in.txt; echo planned > plan.out; echo oops >&2", "plan.out").WithFiles(("in.txt", "hello\n"));
        plan = plan with { Prepare = new CommandOrder { Argv = ["/bin/sh", "-c", "echo preparing $BERTH_WORKSPACE in $BERTH_ATTEMPT_KIND"] } };
        await gateway.SendAsync(plan);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == plan.Attempt);
        Assert.True(result.Outcome == AttemptOutcome.Succeeded, result.ToString());
        Assert.Equal(0, result.ExitCode);
        Assert.Equal([new FileDigest { Path = "plan.out", Digest = Digests.Of("planned\n"), Size = 8 }], result.Plan!.Artifacts);
        Assert.Equal(Digests.Of("hello\n"), result.Plan.TextDigest);
        Assert.Contains("preparing ws in Plan\n", await gateway.WholeOutputAsync(plan.Attempt), StringComparison.Ordinal);
        Assert.Equal(result.OutputBytes, gateway.OutputBytesOf(plan.Attempt).Length);
        await gateway.ExpectAsync<Uploaded>(u => u.Attempt == plan.Attempt);
        Assert.Equal("planned\n"u8.ToArray(), gateway.Stored[Digests.Of("planned\n")]);
        Assert.Equal("hello\n"u8.ToArray(), gateway.Stored[Digests.Of("hello\n")]);
        await gateway.SendAsync(new Ack { Epoch = 1, Attempt = plan.Attempt });
        var kept = await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Directory == plan.Attempt && i.Attempts.Any(a => a.State == AttemptState.Acknowledged));
        Assert.Equal("task-uid", kept.Slots[0].DirectoryTask);

        var apply = Orders.Apply(plan, result, "/bin/sh", "-c", "cat plan.out in.txt; echo $BERTH_PLAN_ATTEMPT");
        await gateway.SendAsync(apply);
        var applied = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == apply.Attempt);
        Assert.True(applied.Outcome == AttemptOutcome.Succeeded, applied.ToString());
        Assert.Equal($"planned\nhello\n{plan.Attempt}\n", await gateway.WholeOutputAsync(apply.Attempt));
        Assert.True(applied.StartedAt >= result.EndedAt);
        await gateway.SendAsync(new Release { Epoch = 1, Slot = 0, Directory = plan.Attempt });
        await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Directory is null && i.Attempts.Any(a => a.Attempt == apply.Attempt));
        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(pod.WorkDirectory()).Length == 0, "the work directory is empty after release");
    }
}
