using System.IO.Compression;
using System.Text;
using Berth.Api;
using Berth.History.Schema;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Backups, restores, and what a verification finds.</summary>
public sealed class ArchiveTests(HistoryFixture fixture)
{
    private const string Everything = """
        select 'tasks', md5(string_agg(t::text, '|' order by t::text)) from berth.tasks t
        union all select 'transitions', md5(string_agg(t::text, '|' order by t::text)) from berth.transitions t
        union all select 'attempts', md5(string_agg(t::text, '|' order by t::text)) from berth.attempts t
        union all select 'links', md5(string_agg(t::text, '|' order by t::text)) from berth.artifact_links t
        union all select 'chunks', md5(string_agg(t::text, '|' order by t::text)) from berth.artifact_chunks t
        union all select 'logs', md5(string_agg(t::text, '|' order by t::text)) from berth.log_chunks t
        union all select 'audit', md5(string_agg(t::text, '|' order by t::text)) from berth.audit t
        """;

    [Fact]
    public async Task A_restored_history_is_the_same_row_by_row()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = await FillAsync(test);
        using var backup = await BackUpAsync(test);
        await using var empty = await EmptyAsync();
        using (var archive = new ZipArchive(backup, ZipArchiveMode.Read, leaveOpen: true))
        {
            var manifest = await empty.Store.RestoreBackupAsync(archive);
            Assert.Equal(SchemaMigrator.Known[^1], manifest.Schema);
            Assert.Equal(30, manifest.Tables.Single(t => t.Name == "transitions").Rows);
        }
        Assert.Equal(await test.RowsAsync(Everything), await empty.RowsAsync(Everything));
        Assert.Equal(bytes, await BytesTests.ReadAsync(empty, Digests.Of(bytes)));
        Assert.Empty(await empty.Store.VerifyAsync(deep: true));
        Assert.Equal(31, (await empty.Store.WriteTransitionsAsync([Make.Batch(Make.Task("uid-0"), 30, Make.Entry(31))])).Acknowledged["uid-0"]);
    }

    [Fact]
    public async Task A_used_database_is_not_restored_into()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        using var backup = await BackUpAsync(test);
        using var archive = new ZipArchive(backup, ZipArchiveMode.Read);
        Assert.Contains("empty", (await Assert.ThrowsAsync<ArchiveException>(() => test.Store.RestoreBackupAsync(archive))).Message);
    }

    [Fact]
    public async Task What_a_backup_has_is_added_to_a_history_that_was_begun_anew()
    {
        await using var test = await fixture.StoreAsync();
        var record = new IndependentRecord();
        var bytes = await FillAsync(test);
        await test.Store.WriteTransitionsAsync([Make.Batch("uid-1", 1, 2)]);
        await record.WriteAsync(test.Store, "uid-2", 1, 2, 3);
        using var backup = await BackUpAsync(test);
        using var archive = new ZipArchive(backup, ZipArchiveMode.Read);

        // The database is lost after the backup; the statuses still hold 29 to 31 of one task and nothing new of the others.
        await using var anew = await fixture.StoreAsync();
        var written = await anew.Store.WriteTransitionsAsync([Make.Batch(Make.Task("uid-0"), 31, Make.Entry(29), Make.Entry(30), Make.Entry(31)), Make.Batch(Make.Task("uid-9"), 0, Make.Entry(1)), Make.Batch(Make.Task("uid-1"), 5, Make.Entry(5))]);
        Assert.Equal([(1L, 28L), (1L, 4L)], written.Lost.Select(l => (l.From, l.To)));
        await anew.Store.AppendLogAsync(new LogAppend { TaskUid = "uid-9", Attempt = "uid-9-1", Bytes = Encoding.UTF8.GetBytes("newer") });
        await anew.Store.AppendLogAsync(new LogAppend { TaskUid = "uid-0", Attempt = "uid-0-1", Bytes = Encoding.UTF8.GetBytes("out") });
        await anew.Store.PutArtifactAsync(new MemoryStream(bytes), BytesTests.Link(bytes, "uid-9-1") with { TaskUid = "uid-9" });
        for (var twice = 0; twice < 2; twice++) await anew.Store.RestoreBackupAsync(archive, merge: true);

        Assert.Equal(Enumerable.Range(1, 31).Select(i => Make.Entry(i)), await anew.Store.GetTransitionsAsync("uid-0"));
        Assert.Equal([1, 2, 5], (await anew.Store.GetTransitionsAsync("uid-1")).Select(e => e.Seq));
        await record.VerifyAsync(anew.Store);
        Assert.Equal([("uid-0", true), ("uid-1", false)], (await anew.RowsAsync("select subject, resolved_at is not null from berth.alerts where name = 'HistoryLost' order by 1")).Select(r => ((string)r[0]!, (bool)r[1]!)));
        Assert.Equal(["newer", "output"], [await LogAsync(anew, "uid-9-1"), await LogAsync(anew, "uid-0-1")]);
        Assert.Equal(bytes, await BytesTests.ReadAsync(anew, Digests.Of(bytes)));
        Assert.Equal([("HistoryLost", "uid-1")], (await anew.Store.VerifyAsync(deep: true)).Select(d => (d.Kind, d.Subject)));
        Assert.Equal(32, (await anew.Store.WriteTransitionsAsync([Make.Batch(Make.Task("uid-0"), 31, Make.Entry(32))])).Acknowledged["uid-0"]);
    }

    [Fact]
    public async Task A_damaged_or_cut_off_backup_is_refused_and_leaves_the_database_empty()
    {
        await using var test = await fixture.StoreAsync();
        await FillAsync(test);
        using var good = await BackUpAsync(test);
        foreach (var damage in (Action<ZipArchive>[])[a => a.GetEntry("history/transitions")!.Delete(), a => a.GetEntry("history/manifest.json")!.Delete(), Flip])
        {
            using var copy = new MemoryStream();
            await copy.WriteAsync(good.ToArray());
            using (var archive = new ZipArchive(copy, ZipArchiveMode.Update, leaveOpen: true)) damage(archive);
            await using var empty = await EmptyAsync();
            using var damaged = new ZipArchive(copy, ZipArchiveMode.Read);
            await Assert.ThrowsAsync<ArchiveException>(() => HistoryStore.VerifyBackupAsync(damaged));
            await Assert.ThrowsAsync<ArchiveException>(() => empty.Store.RestoreBackupAsync(damaged));
            Assert.Null(await empty.OneAsync<string>("select to_regclass('berth.tasks')::text"));
        }
    }

    [Fact]
    public async Task Verification_names_what_is_missing_or_differs()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = await FillAsync(test);
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
        await test.ExecuteAsync("""
            delete from berth.transitions where uid = 'uid-0' and seq = 7;
            update berth.artifact_chunks set data = set_byte(data, 50, (get_byte(data, 50) + 1) % 256);
            insert into berth.artifact_links values ('uid-0', 'uid-0-9', 'Plan', 'gone.bin', 'sha256:00', 1, now());
            delete from berth.log_chunks;
            insert into berth.transitions select 'nobody', seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch from berth.transitions where seq = 1
            """);
        var status = Make.Task("uid-0").Status with
        {
            History = new OutboxStatus { Seq = 30, Acknowledged = 30, Entries = [Make.Entry(7), Make.Entry(8), Make.Entry(9) with { Reason = "Other" }, Make.Entry(31)] },
            Plan = new PlanStatus { Stored = true, Artifacts = [new FileDigest { Path = "a", Digest = Digests.Of("never stored") }, new FileDigest { Path = "b", Digest = Digests.Of(bytes) }] },
        };
        var defects = await test.Store.VerifyAsync([Make.Task("uid-0") with { Status = status }], deep: true);
        Assert.Equal(
            ["ArtifactDamaged", "ArtifactMissing", "ArtifactMissing", "LogHole", "TaskMissing", "TransitionDiffers", "TransitionMissing", "TransitionMissing", "TransitionWaiting"],
            defects.Select(d => d.Kind).Order(StringComparer.Ordinal));
        Assert.All(defects, d => Assert.NotEmpty(d.Remedy));
    }

    [Fact]
    public async Task A_task_that_was_restored_twice_is_known_by_its_last_object_and_one_that_was_not_is_named()
    {
        await using var test = await fixture.StoreAsync();
        foreach (var uid in (string[])["first", "second", "gone"]) await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1)]);
        await test.Store.WriteRestoredAsync("team-a", "task", "first", "second", "alice");
        await test.Store.WriteRestoredAsync("team-a", "task", "second", "third", "alice");
        Assert.Equal(["first", "gone", "second"], (await test.Store.VerifyAsync([Make.Task("other")])).Where(d => d.Kind == "ClusterMissing").Select(d => d.Subject));
        Assert.Equal(3, (await test.Store.VerifyAsync([])).Count(d => d.Kind == "ClusterMissing"));
        Assert.Equal(["gone"], (await test.Store.VerifyAsync([Make.Task("third")])).Where(d => d.Kind == "ClusterMissing").Select(d => d.Subject));
        Assert.Equal(("restore", "alice"), (await test.Store.GetStoryAsync("first"))!.Audit.Select(a => (a.Verb, a.Actor)).Single());
    }

    private static async Task<string> LogAsync(TestStore test, string attempt)
    {
        using var log = new MemoryStream();
        await foreach (var piece in test.Store.ReadLogAsync(attempt)) log.Write(piece.Bytes.Span);
        return Encoding.UTF8.GetString(log.ToArray());
    }

    private static void Flip(ZipArchive archive)
    {
        using var stream = archive.GetEntry("history/transitions")!.Open();
        stream.Position = 200;
        stream.WriteByte(0xEE);
    }

    private static async Task<byte[]> FillAsync(TestStore test)
    {
        await test.Store.WriteTransitionsAsync([Make.Batch("uid-0", [.. Enumerable.Range(1, 30).Select(i => (long)i)])]);
        await test.Store.WriteAttemptsAsync([new AttemptRecord { TaskUid = "uid-0", Attempt = new AttemptStatus { Id = "uid-0-1", OrderedAt = Make.Start } }]);
        await test.Store.WriteAuditAsync([new AuditRecord { At = Make.Start, Actor = "alice", Verb = "stop", Kind = "Task" }]);
        await test.Store.AppendLogAsync(new LogAppend { TaskUid = "uid-0", Attempt = "uid-0-1", Bytes = Encoding.UTF8.GetBytes("output") });
        var bytes = BytesTests.Noise(5_000);
        await test.Store.PutArtifactAsync(new MemoryStream(bytes), BytesTests.Link(bytes, "uid-0-1") with { TaskUid = "uid-0" });
        return bytes;
    }

    private static async Task<MemoryStream> BackUpAsync(TestStore test)
    {
        var backup = new MemoryStream();
        using (var archive = new ZipArchive(backup, ZipArchiveMode.Create, leaveOpen: true)) await test.Store.WriteBackupAsync(archive);
        backup.Position = 0;
        return backup;
    }

    private async Task<TestStore> EmptyAsync()
    {
        var connection = await fixture.Server.CreateDatabaseAsync();
        return new TestStore(new HistoryStore(connection), connection);
    }
}
