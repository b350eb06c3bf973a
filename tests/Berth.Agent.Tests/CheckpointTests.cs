using System.Formats.Tar;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>What a command keeps in its checkpoint directory is saved while it runs and given to the next attempt.</summary>
public sealed class CheckpointTests
{
    private static readonly CheckpointOrder OnDemand = new() { Keep = 3 };

    [Fact]
    public async Task Saved_every_interval_only_when_something_changed()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        // The second state appears by one rename from outside the directory: a save may come between any two changes within it.
        var order = Orders.Sh("w=$PWD; cd $BERTH_CHECKPOINT_DIR; mkdir sub; echo one > sub/state; sleep 4; echo two > $w/new; mv $w/new sub/state; sleep 30") with { Checkpoint = OnDemand with { IntervalSeconds = 1 } };
        await gateway.SendAsync(order);
        await Eventually.TrueAsync(() => gateway.Checkpoints.Count >= 2, "two checkpoints");
        await gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 0 });
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal([(1, "one\n"), (2, "two\n")], gateway.Checkpoints.Select(c => (c.Number, Read(c.Bytes)["sub/state"])));
        await gateway.ExpectAsync<CheckpointStored>(s => s.Attempt == order.Attempt && s.Number == 2);
    }

    [Fact]
    public async Task The_command_asks_by_a_file_that_goes_when_its_state_is_safe()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        var order = Orders.Sh("cd $BERTH_CHECKPOINT_DIR; echo now > state; touch .save; while [ -e .save ]; do sleep 0.05; done; echo saved") with { Checkpoint = OnDemand };
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        await Eventually.TrueAsync(() => !gateway.Checkpoints.IsEmpty, "a checkpoint");
        var saved = Assert.Single(gateway.Checkpoints);
        Assert.Equal(["state"], Read(saved.Bytes).Keys);
    }

    [Fact]
    public async Task The_operator_asks_by_a_frame_and_each_request_is_answered_once()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        var order = Orders.Sh("echo x > $BERTH_CHECKPOINT_DIR/state; echo ready; sleep 60") with { Checkpoint = OnDemand };
        await gateway.SendAsync(order);
        await Eventually.TrueAsync(() => gateway.OutputOf(order.Attempt).Contains("ready", StringComparison.Ordinal), "output");
        for (var i = 0; i < 3; i++) await gateway.SendAsync(new SaveCheckpoint { Epoch = 1, Attempt = order.Attempt, Request = "r1" });
        var stored = await gateway.ExpectAsync<CheckpointStored>(s => s.Request == "r1");
        Assert.Equal(1, stored.Number);
        await gateway.SendAsync(new SaveCheckpoint { Epoch = 1, Attempt = order.Attempt, Request = "r2" });
        Assert.Equal(1, (await gateway.ExpectAsync<CheckpointStored>(s => s.Request == "r2")).Number); // nothing changed, so nothing new is stored
        Assert.Single(gateway.All<CheckpointStored>(), s => s.Request == "r1");
        await gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 0 });
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
    }

    [Fact]
    public async Task A_failed_command_leaves_its_last_state_before_its_result_and_the_next_attempt_goes_on_from_it()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        const string work = "n=$(cat $BERTH_CHECKPOINT_DIR/n 2>/dev/null || echo 0); echo from $n resume=$BERTH_RESUME; echo $((n+1)) > $BERTH_CHECKPOINT_DIR/n; exit $((1-n))";
        var first = Orders.Sh(work) with { Checkpoint = OnDemand };
        await gateway.SendAsync(first);
        Assert.Equal(AttemptOutcome.Failed, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == first.Attempt)).Outcome);
        var (_, number, bytes) = Assert.Single(gateway.Checkpoints);
        Assert.Equal("from 0 resume=\n", await gateway.WholeOutputAsync(first.Attempt));
        gateway.Offers = new CheckpointOffers { Checkpoints = [new() { Name = $"1-{number}", Digest = Digests.Of(bytes), Size = bytes.Length }] };
        var second = Orders.Sh(work) with { Checkpoint = OnDemand with { Resume = true } };
        await gateway.SendAsync(second);
        Assert.Equal(AttemptOutcome.Succeeded, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == second.Attempt)).Outcome);
        Assert.Equal("from 1 resume=true\n", await gateway.WholeOutputAsync(second.Attempt));
        Assert.Equal("1-1", (await gateway.ExpectAsync<Resumed>(r => r.Attempt == second.Attempt)).Checkpoint);
    }

    [Fact]
    public async Task Damaged_checkpoints_are_left_out_and_named()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        var good = Tar("n", "7");
        gateway.Stored[Digests.Of(good)] = good;
        var (torn, claimed) = ("not a tar at all, but with its digest"u8.ToArray(), Digests.Of("something else"));
        gateway.Stored[Digests.Of(torn)] = torn;
        gateway.Stored[claimed] = good;
        gateway.Offers = new CheckpointOffers
        {
            Checkpoints =
            [
                new() { Name = "2-9", Digest = claimed, Size = good.Length },
                new() { Name = "2-8", Digest = Digests.Of(torn), Size = torn.Length },
                new() { Name = "2-7", Digest = Digests.Of(good), Size = good.Length },
            ],
        };
        var order = Orders.Sh("ls -A $BERTH_CHECKPOINT_DIR; cat $BERTH_CHECKPOINT_DIR/n; ls -A") with { Checkpoint = OnDemand with { Resume = true } };
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt && r.Outcome == AttemptOutcome.Succeeded);
        Assert.Equal("n\n7", await gateway.WholeOutputAsync(order.Attempt));
        var resumed = await gateway.ExpectAsync<Resumed>(r => r.Attempt == order.Attempt);
        Assert.Equal("2-7", resumed.Checkpoint);
        Assert.Equal(["2-9", "2-8"], resumed.Skipped.Select(s => s.Split(':')[0]));
    }

    [Fact]
    public async Task An_entry_that_leads_out_of_the_directory_is_refused()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        var evil = Tar("../escaped", "x");
        gateway.Stored[Digests.Of(evil)] = evil;
        gateway.Offers = new CheckpointOffers { Checkpoints = [new() { Name = "1-1", Digest = Digests.Of(evil), Size = evil.Length }] };
        var order = Orders.Sh("ls ..; echo resume=$BERTH_RESUME") with { Checkpoint = OnDemand with { Resume = true } };
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt && r.Outcome == AttemptOutcome.Succeeded);
        var output = await gateway.WholeOutputAsync(order.Attempt);
        Assert.DoesNotContain("escaped", output, StringComparison.Ordinal);
        Assert.EndsWith("resume=\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_person_named_a_checkpoint_nothing_begins_from_scratch()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        gateway.NoOffers = "spec.resumeFrom names a checkpoint to begin with, but 3-3 is not kept";
        var order = Orders.Sh("echo ran") with { Checkpoint = OnDemand with { Resume = true } };
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.CannotStart, result.Outcome);
        Assert.Contains("3-3 is not kept", result.Message!, StringComparison.Ordinal);
        Assert.Equal("", await gateway.WholeOutputAsync(order.Attempt));
    }

    [Fact]
    public async Task While_the_database_is_away_the_newest_few_wait_with_the_agent_also_over_its_restart()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = await RunningPodAsync(gateway);
        for (var i = 0; i < 400; i++) gateway.TransferFaults.Enqueue(503);
        var order = Orders.Sh("cd $BERTH_CHECKPOINT_DIR; for i in 1 2 3 4 5; do echo $i > n; touch .save; while [ -e .save ]; do sleep 0.05; done; done; echo done; sleep 60") with { Checkpoint = OnDemand with { Keep = 2 } };
        await gateway.SendAsync(order);
        await Eventually.TrueAsync(() => gateway.OutputOf(order.Attempt).Contains("done", StringComparison.Ordinal), "five saves");
        await pod.StopAgentAsync();
        gateway.TransferFaults.Clear();
        pod.StartAgent();
        await Eventually.TrueAsync(() => gateway.Checkpoints.Count == 2, "the two newest");
        Assert.Equal([4, 5], gateway.Checkpoints.Select(c => c.Number));
        await gateway.ExpectAsync<Inventory>(i => i.Slots[0].Ready && i.Slots[0].Attempt == order.Attempt);
        await gateway.SendAsync(new SaveCheckpoint { Epoch = 1, Attempt = order.Attempt, Request = "again" });
        Assert.Equal(5, (await gateway.ExpectAsync<CheckpointStored>(s => s.Request == "again")).Number);
        await gateway.SendAsync(new Cancel { Epoch = 1, Attempt = order.Attempt, GraceSeconds = 0 });
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
    }

    private static async Task<PodUnderTest> RunningPodAsync(ScriptedGateway gateway)
    {
        var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();
        return pod;
    }

    private static byte[] Tar(string name, string content)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true)) tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)) });
        return bytes.ToArray();
    }

    private static Dictionary<string, string> Read(byte[] bytes)
    {
        using var tar = new TarReader(new MemoryStream(bytes));
        var files = new Dictionary<string, string>();
        while (tar.GetNextEntry(copyData: true) is { } entry)
            if (entry.EntryType == TarEntryType.RegularFile) files[entry.Name] = entry.DataStream is null ? "" : new StreamReader(entry.DataStream).ReadToEnd();
        return files;
    }
}
