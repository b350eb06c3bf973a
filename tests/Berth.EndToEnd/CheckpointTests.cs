using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Npgsql;
using Xunit;

namespace Berth.EndToEnd;

[Collection("quiet")]
public sealed class CheckpointTests(StackFixture fixture)
{
    private BerthStack Stack => fixture.Stack;

    /// <summary>Counts in its checkpoint directory and tells the ledger from where it began; ends well at the third beginning.</summary>
    private static Action<JsonObject> Counting(TestSpace space, string then) => spec =>
    {
        spec.Remove("plan");
        spec.Remove("apply");
        spec["type"] = "Run";
        spec["retry"] = new JsonObject { ["limit"] = 3, ["backoff"] = new JsonObject { ["initial"] = "100ms" } };
        spec["recovery"] = new JsonObject { ["onApplyLost"] = "Replan" };
        spec["checkpoint"] = new JsonObject { ["interval"] = "1h", ["keep"] = 3 };
        spec["run"] = new JsonObject
        {
            ["command"] = TestSpace.Shell($"n=$(cat $BERTH_CHECKPOINT_DIR/n 2>/dev/null || echo 0); echo began $n ${{BERTH_RESUME:-fresh}} >> {space.Ledger}; echo $((n+1)) > $BERTH_CHECKPOINT_DIR/n; touch $BERTH_CHECKPOINT_DIR/.save; while [ -e $BERTH_CHECKPOINT_DIR/.save ]; do sleep 0.1; done; echo saved $n >> {space.Ledger}; {then}"),
        };
    };

    [Fact]
    public async Task A_lost_run_goes_on_from_its_newest_checkpoint_and_a_damaged_one_is_left_out()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", Counting(space, "if [ $n -lt 2 ]; then sleep 600; fi"));
        await LoseAsync(space, saved: "saved 0");
        await LoseAsync(space, saved: "saved 1", damage: "2-1");
        var done = await space.UntilAsync("a", t => space.LedgerLines().Count(l => l.StartsWith("began", StringComparison.Ordinal)) == 3, "begun three times");
        Assert.Equal(["began 0 fresh", "began 1 true", "began 1 true"], space.LedgerLines().Where(l => l.StartsWith("began", StringComparison.Ordinal)));
        await UntilEventAsync(space, Reasons.CheckpointDamaged, "2-1");
        await UntilEventAsync(space, Reasons.Resumed, "1-1");
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Stopped" });
        await space.UntilAsync("a", TaskPhase.Stopped);
        Assert.Equal(1, done.Status.Run);
    }

    [Fact]
    public async Task Any_kept_checkpoint_can_be_listed_fetched_and_begun_with()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", Counting(space, "test $n -ge 2"));
        for (var run = 1; run < 3; run++)
        {
            var failed = await space.UntilAsync("a", t => t.Status.Run == run && t.Status.Phase == TaskPhase.Failed, $"run {run} failed");
            await space.UntilAsync("a", _ => IsStored(failed.Metadata.Uid, $"{run}-1"), "stored");
            await CliAsync("checkpoints", "resume", "a", "--yes", "--comment", "again", "-n", space.Name);
        }
        await space.UntilAsync("a", TaskPhase.Succeeded);
        var listed = JsonNode.Parse(await CliAsync("checkpoints", "list", "a", "-n", space.Name, "-o", "json"))!.AsArray();
        Assert.Equal(["3-1", "2-1", "1-1"], listed.Select(c => (string?)c!["name"]));
        var file = Path.Combine(Stack.Directory, $"{space.Name}.tar");
        await CliAsync("checkpoints", "fetch", "a", "2-1", "-n", space.Name, "--to", file);
        using (var tar = new System.Formats.Tar.TarReader(File.OpenRead(file)))
        {
            var entry = tar.GetNextEntry(copyData: true)!;
            Assert.Equal(("n", "2\n"), (entry.Name, await new StreamReader(entry.DataStream!).ReadToEndAsync(TestContext.Current.CancellationToken)));
        }
        await CliAsync("checkpoints", "resume", "a", "1-1", "--yes", "-n", space.Name);
        await space.UntilAsync("a", t => t.Status is { Run: 4, Phase: TaskPhase.Failed }, "run from the first");
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(200, TestContext.Current.CancellationToken))
        {
            var acts = JsonNode.Parse(await CliAsync("history", "a", "--actions", "-n", space.Name, "-o", "json"))!.AsArray();
            if (acts.Count(a => (string?)a!["verb"] == "checkpoints resume") == 3 && acts.Any(a => a!.ToJsonString().Contains("again", StringComparison.Ordinal))) break;
            Assert.True(DateTime.UtcNow < end, $"the audit tells of three resumes: {acts.ToJsonString()}");
        }
        Assert.Equal(["began 0 fresh", "began 1 true", "began 2 true", "began 1 true"], space.LedgerLines().Where(l => l.StartsWith("began", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_person_asks_for_a_checkpoint_now()
    {
        await using var space = await Stack.SpaceAsync();
        await space.CreateAsync("a", spec =>
        {
            Counting(space, "")(spec);
            spec["checkpoint"] = new JsonObject();
            spec["run"] = new JsonObject { ["command"] = TestSpace.Shell($"echo state > $BERTH_CHECKPOINT_DIR/s; echo on >> {space.Ledger}; sleep 600") };
        });
        await space.UntilAsync("a", _ => space.LedgerLines().Count == 1, "running");
        await CliAsync("checkpoints", "save", "a", "-n", space.Name);
        await UntilEventAsync(space, Reasons.CheckpointSaved, "1-1");
        var answered = await space.UntilAsync("a", t => t.Status.Checkpointed is not null, "noted as answered, so that no later attempt is asked again");
        Assert.Equal(answered.Metadata.Annotations![Names.CheckpointAnnotation], answered.Status.Checkpointed);
        Assert.Contains("1-1", await CliAsync("checkpoints", "list", "a", "-n", space.Name), StringComparison.Ordinal);
        await space.PatchAsync("a", new JsonObject { ["desiredState"] = "Stopped" });
        await space.UntilAsync("a", TaskPhase.Stopped);
    }

    private async Task LoseAsync(TestSpace space, string saved, string? damage = null)
    {
        var running = await space.UntilAsync("a", t => space.LedgerLines() is [.., var last] && last == saved && t.Status.Phase == TaskPhase.Running, saved);
        var name = damage ?? $"{running.Status.Attempts}-1";
        await space.UntilAsync("a", _ => IsStored(running.Metadata.Uid, name), $"{name} stored");
        if (damage is not null) Damage(running.Metadata.Uid, damage);
        BerthStack.Signal(await Stack.Pods.PidAsync(running.Status.Attempt!.Pod, Names.SlotContainer(running.Status.Attempt.Slot)), "KILL");
    }

    private bool IsStored(string uid, string name) => (long)Database("select count(*) from berth.checkpoints where attempt = $1 and number = $2", uid, name)! > 0;

    private void Damage(string uid, string name) =>
        Database("update berth.artifact_chunks set data = overlay(data placing '\\xdeadbeef'::bytea from 8) where blob = (select a.blob from berth.checkpoints c join berth.artifacts a on a.digest = c.digest where c.attempt = $1 and c.number = $2)", uid, name);

    private object? Database(string sql, string uid, string name)
    {
        using var connection = new NpgsqlConnection(Berth.History.HistoryConnectionString.Parse(Stack.Env("POSTGRES")));
        connection.Open();
        var parts = name.Split('-');
        using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = $"{uid}-{parts[0]}" }, new() { Value = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) } } };
        return command.ExecuteScalar();
    }

    private async Task UntilEventAsync(TestSpace space, string reason, string text)
    {
        var end = DateTime.UtcNow + TestSpace.Patience;
        var events = Resources.Dynamic("events.k8s.io", "v1", "events", "Event", true);
        while (DateTime.UtcNow < end)
        {
            var found = await Stack.Client.ListAsync(events, space.Name);
            if (found.Items.Any(e => (string?)e["reason"] == reason && ((string?)e["note"])?.Contains(text, StringComparison.Ordinal) == true)) return;
            await Task.Delay(200);
        }
        throw new TimeoutException($"no Event {reason} with {text}\n{Stack.Logs()}");
    }

    private async Task<string> CliAsync(params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(BerthStack.CliPath(), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = Stack.Env("KUBECONFIG");
        using var process = System.Diagnostics.Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TestSpace.Patience);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, await error + await output);
        return await output;
    }
}
