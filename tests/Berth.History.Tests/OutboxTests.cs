using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Invariant 7: every transition exactly once and in order, whatever is sent how often.</summary>
public sealed class OutboxTests(HistoryFixture fixture)
{
    [Fact]
    public async Task Entries_come_back_as_they_were_written()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        var entries = Enumerable.Range(1, 5).Select(i => Make.Entry(i)).ToList();
        var written = await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 0, entries)]);
        Assert.Equal(5, written.Acknowledged[uid]);
        Assert.Equal(5, written.Inserted);
        Assert.Equal(entries, await test.Store.GetTransitionsAsync(uid));
    }

    [Fact]
    public async Task Sending_again_changes_nothing()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1, 2, 3)]);
        var again = await test.Store.WriteTransitionsAsync([Make.Batch(uid, 2, 3), Make.Batch(uid, 3, 4), Make.Batch(uid, 1)]);
        Assert.Equal(4, again.Acknowledged[uid]);
        Assert.Equal(1, again.Inserted);
        Assert.Empty(again.Differences);
        Assert.Equal([1, 2, 3, 4], (await test.Store.GetTransitionsAsync(uid)).Select(e => e.Seq));
    }

    [Fact]
    public async Task A_gap_is_not_acknowledged_beyond_until_it_is_filled()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        Assert.Equal(2, (await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1, 2, 5, 6)])).Acknowledged[uid]);
        Assert.Equal(3, (await test.Store.WriteTransitionsAsync([Make.Batch(uid, 3)])).Acknowledged[uid]);
        Assert.Equal(6, (await test.Store.WriteTransitionsAsync([Make.Batch(uid, 4)])).Acknowledged[uid]);
        Assert.Equal(0, await test.OneAsync<long>("select count(*) from berth.alerts"));
    }

    [Fact]
    public async Task Another_text_under_a_known_number_is_an_alarm_and_the_first_stays()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1, 2)]);
        var other = Make.Entry(2) with { Reason = "Otherwise", At = Make.Start.AddDays(40) };
        var written = await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 0, Make.Entry(1), other, Make.Entry(3))]);
        var difference = Assert.Single(written.Differences);
        Assert.Equal((uid, 2L, "Because", "Otherwise"), (difference.Uid, difference.Seq, difference.Stored.Reason, difference.Offered.Reason));
        Assert.Equal(3, written.Acknowledged[uid]);
        Assert.Equal(["Because", "Because", "Because"], (await test.Store.GetTransitionsAsync(uid)).Select(e => e.Reason));
        Assert.Equal("HistoryDiffers", await test.OneAsync<string>("select name from berth.alerts"));
    }

    [Fact]
    public async Task Entries_that_the_database_lost_are_recorded_as_lost_and_do_not_hold_up_the_rest()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        var written = await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 20, [Make.Entry(15), Make.Entry(16), Make.Entry(21)])]);
        Assert.Equal([(1L, 14L), (17L, 20L)], written.Lost.Select(l => (l.From, l.To)));
        Assert.Equal(21, written.Acknowledged[uid]);
        Assert.Equal(2, await test.OneAsync<long>("select count(*) from berth.alerts where name = 'HistoryLost'"));
        Assert.Empty((await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 21, [Make.Entry(21)])])).Lost);
    }

    [Fact]
    public async Task Random_orders_duplicates_and_concurrent_writers_end_in_the_same_rows()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        await using var test = await fixture.StoreAsync();
        var uids = Enumerable.Range(0, 12).Select(_ => Make.Uid()).ToList();
        var batches = new List<TransitionBatch>();
        foreach (var uid in uids)
        {
            batches.AddRange(Enumerable.Range(1, 30).Select(i => Make.Batch(uid, i)));
            batches.AddRange(Enumerable.Range(0, 20).Select(_ => Make.Batch(uid, [.. Enumerable.Range(random.Next(1, 28), 3).Select(i => (long)i)])));
        }
        var shuffled = batches.ToArray();
        random.Shuffle(shuffled);
        await Parallel.ForEachAsync(shuffled.Chunk(25), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (chunk, token) => await test.Store.WriteTransitionsAsync(chunk, token));
        foreach (var uid in uids) Assert.Equal(Enumerable.Range(1, 30).Select(i => Make.Entry(i)), await test.Store.GetTransitionsAsync(uid));
        Assert.Equal([[30L, 30L, 12L]], await test.RowsAsync("select min(acknowledged), max(max_seq), count(*) from berth.tasks"));
        Assert.Equal(0, await test.OneAsync<long>("select count(*) from berth.alerts"));
    }

    [Fact]
    public async Task An_older_status_never_replaces_a_newer_one()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid, TaskPhase.Succeeded), 0, Make.Entry(1), Make.Entry(2, TaskPhase.Succeeded))]);
        await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid, TaskPhase.Planning), 0, Make.Entry(1))]);
        var story = await test.Store.GetStoryAsync(uid);
        Assert.Equal("Succeeded", story!.Task.Phase);
        Assert.Equal(TaskPhase.Succeeded, story.Status!.Phase);
        Assert.Empty(story.Status.History.Entries);
    }

    [Fact]
    public async Task A_task_survives_being_spilled_as_JSON_and_is_written_once_however_often_it_is_drained()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1, 2)]);
        var approval = new ApprovalResource { Metadata = new ResourceMeta { Uid = "a-1", Name = "ok", CreationTimestamp = Make.Start }, Spec = new ApprovalSpec { TaskRef = new TaskReference { Uid = uid, Name = "task" }, Approver = "alice" } };
        var spilled = new SpilledTask { Outbox = Make.Batch(Make.Task(uid, TaskPhase.Stopped), 2, Make.Entry(2), Make.Entry(3), Make.Entry(4, TaskPhase.Stopped)), Attempts = [new AttemptRecord { TaskUid = uid, Attempt = new AttemptStatus { Id = uid + "-1", OrderedAt = Make.Start } }], Approvals = [approval] };
        var back = SpilledTask.FromJson(spilled.ToJson())!;
        Assert.Equal(spilled.ToJson(), back.ToJson());
        for (var i = 0; i < 3; i++) Assert.Equal(4, (await test.Store.WriteSpilledAsync(back)).Acknowledged[uid]);
        var story = await test.Store.GetStoryAsync(uid);
        Assert.Equal([Make.Entry(1), Make.Entry(2), Make.Entry(3), Make.Entry(4, TaskPhase.Stopped)], story!.Transitions);
        Assert.Equal(("alice", 1), (Assert.Single(story.Approvals).Approver, story.Attempts.Count));
        Assert.Null(SpilledTask.FromJson("{}"));
        Assert.Null(SpilledTask.FromJson("not json"));
    }

    [Fact]
    public async Task Text_that_PostgreSQL_cannot_hold_is_stored_with_a_mark_in_its_place()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        var task = Make.Task(uid) with { };
        task = task with { Status = task.Status with { Message = "nul \0 and \\u0000 written out" } };
        var entry = Make.Entry(1) with { Message = "a\0b" };
        await test.Store.WriteTransitionsAsync([Make.Batch(task, 0, entry)]);
        Assert.Empty((await test.Store.WriteTransitionsAsync([Make.Batch(task, 0, entry)])).Differences);
        var story = await test.Store.GetStoryAsync(uid);
        Assert.Equal("a\uFFFDb", story!.Transitions[0].Message);
        Assert.Equal("nul \uFFFD and \\u0000 written out", story.Status!.Message);
    }
}
