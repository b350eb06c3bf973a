using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>What is removed, what stays, and that a dry run tells it beforehand.</summary>
public sealed class RetentionTests(HistoryFixture fixture)
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_dry_run_counts_exactly_what_the_real_one_removes_and_touches_nothing()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        var before = await CountsAsync(test);
        var policy = new RetentionPolicy { Tasks = TimeSpan.FromDays(200), ByPhase = new Dictionary<TaskPhase, TimeSpan?> { [TaskPhase.Failed] = null }, Logs = TimeSpan.FromDays(60) };
        var dry = await test.Store.CleanUpAsync(policy, dryRun: true);
        Assert.Equal(before, await CountsAsync(test));
        var real = await test.Store.CleanUpAsync(policy);
        Assert.Equal(dry.Steps.Select(s => (s.Table, s.Rows)), real.Steps.Where(s => s.Table != "artifacts" && s.Table != "artifact_chunks").Select(s => (s.Table, s.Rows)));
        Assert.Equal(["transitions_" + Month(300)], dry.Steps.Single(s => s.Table == "transitions").PartitionsDropped);
        Assert.Equal(["old-failed", "old-running", "recent"], (await test.Store.ListTasksAsync(new TaskFilter())).Select(t => t.Uid).Order());
        Assert.Equal(6, await test.OneAsync<long>("select count(*) from berth.transitions"));
        Assert.Equal(["old-running", "recent"], (await test.RowsAsync("select task_uid from berth.logs order by 1")).Select(r => (string)r[0]!));
        Assert.Equal(["old-running", "recent"], (await test.RowsAsync("select l.task_uid from berth.log_chunks c join berth.logs l using (attempt) order by 1")).Select(r => (string)r[0]!));
        Assert.Empty((await test.Store.CleanUpAsync(policy)).Steps);
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
    }

    [Fact]
    public async Task Artifacts_go_when_nothing_refers_to_them_and_not_before()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        var shared = BytesTests.Noise(3_000);
        await test.Store.PutArtifactAsync(new MemoryStream(shared), BytesTests.Link(shared, "old-done-1") with { TaskUid = "old-done" });
        await test.Store.PutArtifactAsync(new MemoryStream(shared), BytesTests.Link(shared, "recent-1") with { TaskUid = "recent" });
        var alone = BytesTests.Noise(3_000);
        await test.Store.PutArtifactAsync(new MemoryStream(alone), BytesTests.Link(alone, "old-done-2") with { TaskUid = "old-done" });
        await test.ExecuteAsync("insert into berth.artifact_chunks values (gen_random_uuid(), 0, now(), 'half an upload')");
        var policy = RetentionPolicy.OlderThan(TimeSpan.FromDays(200));
        await test.Store.CleanUpAsync(policy);
        Assert.Equal(2, (await test.Store.HasArtifactsAsync([Digests.Of(shared), Digests.Of(alone)])).Count);
        await test.ExecuteAsync("update berth.artifacts set created_at = now() - interval '2 days'; update berth.artifact_chunks set created_at = now() - interval '2 days'");
        await test.Store.CleanUpAsync(policy);
        Assert.Equal([Digests.Of(shared)], await test.Store.HasArtifactsAsync([Digests.Of(shared), Digests.Of(alone)]));
        Assert.Equal(1, await test.OneAsync<long>("select count(*) from berth.artifact_chunks"));
        Assert.Equal(shared, await BytesTests.ReadAsync(test, Digests.Of(shared)));
    }

    [Fact]
    public async Task A_task_that_writes_after_its_history_was_removed_is_no_loss()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)));
        var written = await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task("old-done"), 2, Make.Entry(3, at: Now))]);
        Assert.Equal(3, written.Acknowledged["old-done"]);
        Assert.Empty(written.Lost);
        Assert.Empty(await test.Store.VerifyAsync());
    }

    [Fact]
    public async Task A_task_that_is_requeued_while_a_cleanup_runs_is_kept_whole_or_begins_anew()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var test = await fixture.StoreAsync();
        var at = Now.AddDays(-300);
        var uids = Enumerable.Range(0, 400).Select(i => $"t-{i:D3}").ToList();
        await test.Store.WriteTransitionsAsync([.. uids.Select(u => Make.Batch(Make.Task(u, TaskPhase.Failed, u, created: at), 0, Make.Entry(1, at: at), Make.Entry(2, TaskPhase.Failed, at.AddSeconds(1))))]);
        var requeues = Task.Run(async () =>
        {
            foreach (var uid in uids.Where(_ => random.Next(2) == 0))
                await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid, TaskPhase.Pending, uid, created: at) with { }, 2, Make.Entry(1, at: at), Make.Entry(2, TaskPhase.Failed, at.AddSeconds(1)), Make.Entry(3, TaskPhase.Pending, Now))]);
        });
        while (!requeues.IsCompleted) await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)));
        await requeues;
        Assert.Empty(await test.Store.VerifyAsync());
        Assert.Equal(0, await test.OneAsync<long>("select count(*) from berth.alerts"));
        foreach (var task in await test.Store.ListTasksAsync(new TaskFilter { Limit = 1_000 }))
        {
            var seqs = (await test.Store.GetTransitionsAsync(task.Uid)).Select(e => e.Seq).ToList();
            Assert.True(task.Phase == "Pending" && seqs is [1, 2, 3] or [3], $"{task.Uid} is {task.Phase} with {string.Join(',', seqs)}");
        }
    }

    [Fact]
    public async Task Two_cleanups_at_once_do_the_work_once()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        await using var other = new Npgsql.NpgsqlConnection(test.ConnectionString + ";Pooling=false");
        await other.OpenAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("select pg_advisory_lock(x'424552544802'::bigint)", other)) await hold.ExecuteNonQueryAsync();
        Assert.True((await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)))).AlreadyUnderWay);
        Assert.False((await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)), dryRun: true)).AlreadyUnderWay);
        // Let go by name: a closed connection's locks are freed when the server notices, which may be after the next cleanup has asked.
        await using (var release = new Npgsql.NpgsqlCommand("select pg_advisory_unlock(x'424552544802'::bigint)", other)) Assert.Equal(true, await release.ExecuteScalarAsync());
        Assert.True((await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)))).Rows > 0);
    }

    [Fact]
    public async Task Checkpoints_keep_the_newest_few()
    {
        await using var test = await fixture.StoreAsync();
        for (var i = 1; i <= 5; i++)
        {
            var bytes = BytesTests.Noise(100 + i);
            await test.Store.PutCheckpointAsync(new MemoryStream(bytes), new CheckpointRecord { TaskUid = "uid", Attempt = "uid-1", Number = i, Digest = Digests.Of(bytes), Size = bytes.Length }, keep: 2);
        }
        Assert.Equal([4, 5], (await test.RowsAsync("select number from berth.checkpoints order by 1")).Select(r => (int)r[0]!));
        Assert.Equal((5, 105L), (await test.Store.ListCheckpointsAsync("uid") is [var c, ..]) ? (c.Number, c.Size) : default);
    }

    [Fact]
    public async Task A_lost_attempts_late_checkpoint_is_older_than_its_successors()
    {
        await using var test = await fixture.StoreAsync();
        foreach (var (attempt, number) in new[] { (9, 1), (10, 1), (9, 2) })
        {
            var bytes = BytesTests.Noise(100 + attempt + number);
            await test.Store.PutCheckpointAsync(new MemoryStream(bytes), new CheckpointRecord { TaskUid = "uid", Attempt = $"uid-{attempt}", Number = number, Digest = Digests.Of(bytes), Size = bytes.Length }, keep: 2);
        }
        Assert.Equal(["uid-10/1", "uid-9/2"], (await test.Store.ListCheckpointsAsync("uid")).Select(c => $"{c.Attempt}/{c.Number}"));
    }

    [Fact]
    public async Task Disk_use_is_told_by_table()
    {
        await using var test = await fixture.StoreAsync();
        var use = await test.Store.GetStorageAsync();
        Assert.True(use.DatabaseBytes > 1_000_000);
        Assert.Contains(use.Tables, t => t.Table == "transitions" && t.Bytes > 0);
        Assert.DoesNotContain(use.Tables, t => t.Table.EndsWith("default", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_tasks_of_a_namespace_keep_is_told_and_grows_less_when_they_go()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        var other = Make.Task("other", created: Now);
        await test.Store.WriteTransitionsAsync([Make.Batch(other with { Metadata = other.Metadata with { Namespace = "team-b" } }, 0, Make.Entry(1, at: Now))]);
        Assert.Equal([("team-a", 2_000L), ("team-b", 0L)], await KeptAsync());
        var (plan, saved) = (BytesTests.Noise(3_000), BytesTests.Noise(4_000));
        await test.Store.PutArtifactAsync(new MemoryStream(plan), BytesTests.Link(plan, "old-done-1") with { TaskUid = "old-done" });
        await test.Store.PutArtifactAsync(new MemoryStream(plan), BytesTests.Link(plan, "other-1") with { TaskUid = "other" });
        await test.Store.PutCheckpointAsync(new MemoryStream(saved), new CheckpointRecord { TaskUid = "other", Attempt = "other-1", Number = 1, Digest = Digests.Of(saved), Size = saved.Length }, keep: 2);
        // Stored in chunks with a few bytes around them.
        var kept = await KeptAsync();
        Assert.InRange(kept[0].Bytes, 5_000, 5_200);
        Assert.InRange(kept[1].Bytes, 7_000, 7_400);
        await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.FromDays(200)));
        Assert.Equal(1_000, (await KeptAsync())[0].Bytes);

        async Task<List<(string Name, long Bytes)>> KeptAsync() => [.. (await test.Store.GetStorageOfAsync(["team-a", "team-b"])).Select(n => (n.Key, n.Value)).Order()];
    }

    private static string Month(int daysAgo) => Now.AddDays(-daysAgo).ToString("yyyyMM", System.Globalization.CultureInfo.InvariantCulture);

    // old-done shares its month with nothing; old-failed and old-running are as old, but a month later.
    private static async Task FillAsync(TestStore test)
    {
        foreach (var (uid, days, phase) in ((string, int, TaskPhase)[])[("old-done", 300, TaskPhase.Succeeded), ("old-failed", 260, TaskPhase.Failed), ("old-running", 260, TaskPhase.Running), ("recent", 5, TaskPhase.Succeeded)])
        {
            var at = Now.AddDays(-days);
            await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid, phase, uid, created: at), 0, Make.Entry(1, at: at), Make.Entry(2, phase, at.AddSeconds(1)))]);
            await test.Store.WriteAttemptsAsync([new AttemptRecord { TaskUid = uid, Attempt = new AttemptStatus { Id = uid + "-1", OrderedAt = at } }]);
            await test.Store.AppendLogAsync(new LogAppend { TaskUid = uid, Attempt = uid + "-1", Bytes = BytesTests.Noise(500) });
        }
        await test.Store.MigrateAsync();
    }

    private static Task<List<object?[]>> CountsAsync(TestStore test) => test.RowsAsync("""
        select (select count(*) from berth.tasks), (select count(*) from berth.transitions), (select count(*) from berth.attempts), (select count(*) from berth.logs), (select count(*) from berth.log_chunks)
        """);
}
