using System.Collections.Concurrent;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>Tasks and namespaces go while the database is away; what they did is in it afterwards, once and in order.</summary>
[Collection("disaster")]
public sealed class HistoryOutageTests(StackFixture fixture)
{
    private static readonly ResourceType<TaskResource> Tasks = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => new(t.Metadata.Namespace, t.Metadata.Name, t.Metadata.Uid, t.Metadata.ResourceVersion));
    private readonly BerthStack _stack = fixture.Stack;

    [Fact]
    public async Task A_running_task_deleted_while_the_database_is_away_goes_and_nothing_of_it_is_lost()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("warm");
        await space.UntilReservedAsync("warm");
        using var watching = new CancellationTokenSource();
        var record = new ConcurrentDictionary<long, OutboxEntry>();
        var watch = WatchAsync(space.Name, "a", record, watching.Token);
        var uid = "";
        await _stack.Postgres.StopAsync();
        try
        {
            await space.CreateAsync("a", s =>
            {
                s["type"] = "Run";
                s.Remove("plan");
                s.Remove("apply");
                s["run"] = new System.Text.Json.Nodes.JsonObject { ["command"] = TestSpace.Shell("i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done") };
            });
            uid = (await space.UntilAsync("a", TaskPhase.Running)).Metadata.Uid;
            await UntilAsync(async () => (await _stack.ReadinessAsync()).All(t => t.Contains("history: Unreachable", StringComparison.Ordinal)), "every replica says that the database is away");
            var (code, said) = await BerthVerb.RunAsync(_stack, "doctor", "-n", space.Name);
            Assert.Equal(1, code);
            Assert.Contains("docs/runbooks/history-unavailable.md", said);
            await _stack.Client.DeleteAsync(Tasks, new ObjectKey(space.Name, "a"));
            await UntilAsync(async () => await _stack.Client.TryGetAsync(Tasks, new ObjectKey(space.Name, "a")) is null, "the task is gone");
            // Beside it stands what people did: the deletion.
            Assert.Single(await SpilledAsync(), m => m.Metadata.Name == "berth-outbox-" + uid);
            Assert.Contains(await EventsAsync("Lease"), e => e.Reason == Reasons.HistoryDegraded);
        }
        finally
        {
            await _stack.Postgres.StartAgainAsync();
        }
        await UntilAsync(async () => (await SpilledAsync()).Count == 0, "the spilled history is written and cleared");
        await watching.CancelAsync();
        await watch;
        await using var history = new HistoryStore(_stack.Env("POSTGRES"));
        Assert.NotEmpty(record);
        Assert.Equal(record.OrderBy(e => e.Key).Select(e => e.Value), await history.GetTransitionsAsync(uid));
        // What the agent still held comes by itself, also for a task that is gone.
        await UntilAsync(async () => await history.GetLogAsync(uid + "-1") is { Complete: true }, "its output is complete");
        using var output = new MemoryStream();
        await foreach (var piece in history.ReadLogAsync(uid + "-1")) output.Write(piece.Bytes.Span);
        var lines = System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n').Where(l => l.StartsWith("line ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count >= 3, $"{lines.Count} lines");
        Assert.Equal(Enumerable.Range(0, lines.Count).Select(i => "line " + i), lines);
        await UntilAsync(async () => (await _stack.ReadinessAsync()).All(t => t.Contains("history: ok", StringComparison.Ordinal)), "every replica is well again");
    }

    [Fact]
    public async Task A_namespace_deleted_while_the_database_is_away_goes()
    {
        var space = await _stack.SpaceAsync();
        await space.CreateAsync("a");
        var seen = await space.UntilReservedAsync("a");
        await _stack.Postgres.StopAsync();
        try
        {
            await space.DisposeAsync();
            await UntilAsync(async () => await _stack.Client.TryGetAsync(Resources.Namespaces, new ObjectKey(space.Name)) is null, "the namespace is gone");
        }
        finally
        {
            await _stack.Postgres.StartAgainAsync();
        }
        await UntilAsync(async () => (await SpilledAsync()).Count == 0, "the spilled history is written and cleared");
        await using var history = new HistoryStore(_stack.Env("POSTGRES"));
        var entries = await history.GetTransitionsAsync(seen.Metadata.Uid);
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(i => (long)i), entries.Select(e => e.Seq));
        Assert.Equal((TaskPhase.Stopped, Reasons.Deleted), (entries[^1].To, entries[^1].Reason));
        Assert.NotNull((await history.GetStoryAsync(seen.Metadata.Uid))!.Task.DeletedAt);
    }

    [Fact, Trait("Suite", "Long")]
    public async Task What_people_did_while_the_database_was_away_is_in_the_audit_although_leaders_died()
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("a");
        await space.UntilReservedAsync("a");
        foreach (var name in (string[])["b", "c"]) await space.CreateAsync(name);
        await OkAsync("stop", "b", "c", "-n", space.Name, "--yes");
        foreach (var name in (string[])["b", "c"]) await space.UntilAsync(name, t => t.Status.Phase == TaskPhase.Stopped && t.Metadata.Finalizers is not { Count: > 0 }, "stopped and written");
        var uids = (await _stack.Client.ListAsync(Tasks, space.Name)).Items.ToDictionary(t => t.Metadata.Name, t => t.Metadata.Uid);
        await _stack.Postgres.StopAsync();
        try
        {
            await UntilAsync(async () => (await _stack.ReadinessAsync()).All(t => t.Contains("history: Unreachable", StringComparison.Ordinal)), "every replica says that the database is away");
            await OkAsync("suspend", "a", "-n", space.Name, "--comment", "for the night");
            await OkAsync("delete", "b", "-n", space.Name);
            await _stack.Client.DeleteAsync(Tasks, new ObjectKey(space.Name, "c"));
            await UntilAsync(async () => await KeptActsAsync() >= 3, "three acts are kept");
            await OkAsync("leader", "transfer", "--yes");
            await UntilAsync(async () => await KeptActsAsync() >= 4, "the transfer is kept");
            BerthStack.Signal(await _stack.LeaderPidAsync(), "KILL");
        }
        finally
        {
            await _stack.Postgres.StartAgainAsync();
        }
        await UntilAsync(async () => (await SpilledAsync()).Count == 0, "what was kept is written and cleared");
        await using var history = new HistoryStore(_stack.Env("POSTGRES"));
        async Task<AuditRecord> ActAsync(string verb, string? name) => Assert.Single(await history.ListAuditAsync(new AuditFilter { Verb = verb, Name = name, Since = DateTimeOffset.UtcNow.AddMinutes(-15) }), a => a.Kind == "Lease" || a.Namespace == space.Name);
        var suspended = await ActAsync("suspend", "a");
        Assert.Equal(uids["a"], suspended.Uid);
        Assert.Contains("for the night", suspended.DetailJson!);
        Assert.Equal((suspended.Actor, uids["b"]), ((await ActAsync("delete", "b")).Actor, (await ActAsync("delete", "b")).Uid));
        Assert.Equal("via the API server", (await ActAsync("delete", "c")).Actor);
        Assert.Equal((suspended.Actor, "Lease"), ((await ActAsync("leader transfer", null)).Actor, (await ActAsync("leader transfer", null)).Kind));
        foreach (var name in (string[])["b", "c"]) Assert.NotNull((await history.GetStoryAsync(uids[name]))!.Task.DeletedAt);
    }

    private async Task OkAsync(params string[] arguments)
    {
        var (code, text) = await BerthVerb.RunAsync(_stack, arguments);
        Assert.True(code == 0, $"berth {string.Join(' ', arguments)}: exit code {code}: {text}");
    }

    private async Task<int> KeptActsAsync() => (await SpilledAsync()).Select(m => m.Data?.GetValueOrDefault("audit.json")).OfType<string>().Sum(j => System.Text.Json.Nodes.JsonNode.Parse(j)!.AsArray().Count);

    private async Task WatchAsync(string ns, string name, ConcurrentDictionary<long, OutboxEntry> record, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await foreach (var change in _stack.Client.WatchAsync(Tasks, ns, new() { FieldSelector = $"metadata.name={name}" }, stop))
                    foreach (var entry in change.Object?.Status.History.Entries ?? []) record[entry.Seq] = entry;
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or KubernetesException)
        {
            // The test has seen what it wanted to see.
        }
    }

    private async Task<IReadOnlyList<ConfigMap>> SpilledAsync() => (await _stack.Client.ListAsync(Resources.ConfigMaps, "berth-system", new ListOptions { LabelSelector = Names.SpillLabel + "=true" })).Items;

    private async Task<IEnumerable<Event>> EventsAsync(string kind) => (await _stack.Client.ListAsync(Resources.Events, "berth-system")).Items.Where(e => e.Regarding?.Kind == kind);

    private async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; !await condition(); await Task.Delay(100))
            if (DateTime.UtcNow > end) throw new TimeoutException($"it did not come true that {what}\n{_stack.Logs(40)}");
    }
}
