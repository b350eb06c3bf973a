using System.Diagnostics;
using System.Text.Json;
using Berth.Api;
using Berth.History.Schema;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Schemas of other versions, migrators side by side, partitions.</summary>
public sealed class SchemaTests(HistoryFixture fixture)
{
    public static TheoryData<string> Dumps => [.. Directory.GetFiles(SchemaDump.Folder(), "*.sql").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>From every schema that a program ever filled, one migration at a time, to the newest.</summary>
    [Theory, MemberData(nameof(Dumps))]
    public async Task A_database_of_an_older_program_is_migrated_step_by_step_and_keeps_what_is_in_it(string made)
    {
        await using var test = await EmptyAsync();
        await SchemaDump.RestoreAsync(Path.Combine(SchemaDump.Folder(), made + ".sql"), test.ConnectionString);
        var missing = SchemaMigrator.Known.Where(m => string.CompareOrdinal(m, made) > 0).ToList();
        foreach (var migration in missing) Assert.Equal([migration], await test.Store.MigrateToAsync(migration));
        await test.Store.MigrateAsync();
        await test.Store.PingAsync();

        var done = await test.Store.GetStoryAsync("old-done");
        Assert.Equal([Make.Entry(1), Make.Entry(2), Make.Entry(3, TaskPhase.Succeeded)], done!.Transitions);
        Assert.Equal(("Succeeded", "prod", "alice", "approve"), (done.Task.Phase, done.Spec!.Workspace, Assert.Single(done.Approvals).Approver, Assert.Single(done.Audit).Verb));
        Assert.Equal("old-done-1", Assert.Single(done.Attempts).Attempt.Id);
        var open = await test.Store.GetStoryAsync("old-open");
        Assert.Equal("Told", Assert.Single(open!.Alerts).Name);
        var plan = Assert.Single(open.Artifacts);
        Assert.Equal("the plan of an older version", System.Text.Encoding.UTF8.GetString(await BytesTests.ReadAsync(test, plan.Digest)));
        using var log = new MemoryStream();
        await test.Store.MergeLogsAsync();
        await foreach (var piece in test.Store.ReadLogAsync("old-open-1")) log.Write(piece.Bytes.Span);
        Assert.Equal("first line\nsecond line\n", System.Text.Encoding.UTF8.GetString(log.ToArray()));
        // The older program's numbers go on in the newer one.
        Assert.Equal(4, (await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task("old-open"), 3, Make.Entry(4))])).Acknowledged["old-open"]);
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
        Assert.Equal(1, (await test.Store.CleanUpAsync(RetentionPolicy.OlderThan(TimeSpan.Zero))).Steps.Single(s => s.Table == "tasks").Rows);
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
    }

    [Fact]
    public void Every_migration_that_a_program_had_as_its_newest_has_a_dump() =>
        // StatisticsViews came in one version with PurgedTasks: no program ever had it as its newest.
        Assert.Equal(SchemaMigrator.Known.Where(m => !m.EndsWith("_StatisticsViews", StringComparison.Ordinal)), Directory.GetFiles(SchemaDump.Folder(), "*.sql").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Each_migration_can_be_taken_back()
    {
        await using var test = await EmptyAsync();
        await test.Store.MigrateAsync();
        foreach (var migration in SchemaMigrator.Known.Reverse().Skip(1)) await test.Store.MigrateToAsync(migration);
        await test.Store.MigrateToAsync("0");
        Assert.Equal(0, await test.OneAsync<long>("select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'berth' and relkind in ('r','p','v') and relname <> 'schema_migrations'"));
        await test.Store.MigrateAsync();
        await test.Store.PingAsync();
    }

    [Fact]
    public async Task The_model_has_no_changes_that_no_migration_makes()
    {
        await using var test = await fixture.StoreAsync();
        await using var connection = new NpgsqlConnection(test.ConnectionString);
        await using var context = HistoryContextFactory.On(connection, TimeSpan.FromSeconds(30));
        Assert.False(context.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task An_older_schema_is_named_until_it_is_migrated()
    {
        await using var test = await EmptyAsync();
        Assert.Equal(HistoryUnavailableReason.SchemaOlder, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => test.Store.PingAsync())).Reason);
        Assert.Equal(HistoryUnavailableReason.SchemaOlder, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => test.Store.GetTransitionsAsync("x"))).Reason);
        await test.Store.MigrateToAsync(SchemaMigrator.Known[0]);
        var error = await Assert.ThrowsAsync<HistoryUnavailableException>(() => test.Store.PingAsync());
        Assert.Equal(HistoryUnavailableReason.SchemaOlder, error.Reason);
        Assert.Contains(SchemaMigrator.Known[1], error.Message);
        await test.Store.MigrateAsync();
        Assert.Equal(SchemaMigrator.Known[^1], (await test.Store.PingAsync()).Schema);
        var record = new IndependentRecord();
        await record.WriteAsync(test.Store, Make.Uid(), 1, 2, 3);
        await record.VerifyAsync(test.Store);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        await using var test = await fixture.StoreAsync();
        var (record, uid) = (new IndependentRecord(), Make.Uid());
        await record.WriteAsync(test.Store, uid, 1, 2);
        await test.ExecuteAsync("insert into berth.schema_migrations values ('29990101000000_FromTheFuture', '99.0')");
        foreach (var call in (Func<Task>[])[() => test.Store.MigrateAsync(), () => test.Store.PingAsync()])
        {
            var error = await Assert.ThrowsAsync<HistoryUnavailableException>(call);
            Assert.Equal(HistoryUnavailableReason.SchemaNewer, error.Reason);
            Assert.False(error.Retryable);
            Assert.Contains("FromTheFuture", error.Message);
        }
        await record.VerifyAsync(test.Store);
        await test.ExecuteAsync("delete from berth.schema_migrations where \"MigrationId\" like '2999%'");
        await record.WriteAsync(test.Store, uid, 2, 3);
        await record.VerifyAsync(test.Store);
    }

    [Fact]
    public async Task Migrators_at_the_same_time_take_turns()
    {
        await using var test = await EmptyAsync();
        var stores = Enumerable.Range(0, 5).Select(i => new HistoryStore(test.ConnectionString + $";Application Name=m{i}")).ToList();
        var applied = await Task.WhenAll(stores.Select(s => s.MigrateAsync()));
        Assert.Equal(SchemaMigrator.Known, applied.SelectMany(a => a).Order(StringComparer.Ordinal));
        foreach (var store in stores)
        {
            await store.PingAsync();
            await store.DisposeAsync();
        }
        // Other tests' databases share the server, and a session that was closed lets go a moment later.
        const string held = "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
        for (var end = DateTime.UtcNow.AddSeconds(20); await test.OneAsync<long>(held) > 0 && DateTime.UtcNow < end;) await Task.Delay(50);
        Assert.Equal(0, await test.OneAsync<long>(held));
    }

    [Fact]
    public async Task Two_migrators_at_once_over_an_older_schema_lose_nothing_that_is_being_written()
    {
        await using var test = await EmptyAsync();
        await test.Store.MigrateToAsync(SchemaMigrator.Known[0]);
        await using var writer = new HistoryStore(test.ConnectionString + ";Application Name=writer");
        var record = new IndependentRecord();
        var writing = Parallel.ForEachAsync(Enumerable.Range(0, 20), new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (_, stop) =>
        {
            // Until it is migrated the schema is too old for this program: it waits, as the operator does.
            for (var limit = Stopwatch.StartNew(); ; await Task.Delay(20, stop))
            {
                try
                {
                    await writer.PingAsync(stop);
                    break;
                }
                catch (HistoryUnavailableException e) when (e.Reason == HistoryUnavailableReason.SchemaOlder && limit.Elapsed < TimeSpan.FromSeconds(60))
                {
                    // Asked again in a moment.
                }
            }
            await record.InsistAsync(writer, Make.Uid(), 1, 2, 3);
        });
        await using var other = new HistoryStore(test.ConnectionString + ";Application Name=other");
        var applied = await Task.WhenAll(test.Store.MigrateAsync(), other.MigrateAsync());
        await writing;
        Assert.Equal(SchemaMigrator.Known.Skip(1), applied.SelectMany(a => a).Order(StringComparer.Ordinal));
        await record.VerifyAsync(test.Store);
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
    }

    [Fact]
    public async Task A_migrator_that_waits_for_another_gives_up_in_time()
    {
        await using var test = await EmptyAsync();
        await using var other = new NpgsqlConnection(test.ConnectionString);
        await other.OpenAsync();
        await using var command = new NpgsqlCommand($"select pg_advisory_lock({SchemaMigrator.LockKey})", other);
        await command.ExecuteNonQueryAsync();
        await using var store = new HistoryStore(test.ConnectionString, new HistoryOptions { MigrationLockTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(HistoryUnavailableReason.Timeout, (await Assert.ThrowsAsync<HistoryUnavailableException>(() => store.MigrateAsync())).Reason);
    }

    [Fact]
    public async Task Rows_of_a_month_without_partition_wait_and_move_when_it_is_made()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        var entries = Enumerable.Range(1, 6).Select(i => Make.Entry(i, at: new DateTimeOffset(2031, i, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(-10))).ToList();
        await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 0, entries)]);
        Assert.Equal(6, await test.OneAsync<long>("select count(*) from berth.transitions_default"));
        await test.Store.MigrateAsync();
        Assert.Equal(0, await test.OneAsync<long>("select count(*) from berth.transitions_default"));
        Assert.Equal(1, await test.OneAsync<long>("select count(*) from berth.transitions_203012"));
        Assert.Equal(entries, await test.Store.GetTransitionsAsync(uid));
        Assert.Empty((await test.Store.WriteTransitionsAsync([Make.Batch(Make.Task(uid), 0, entries)])).Differences);
    }

    [Fact]
    public async Task The_views_for_dashboards_answer()
    {
        await using var test = await fixture.StoreAsync();
        await test.Store.WriteTransitionsAsync([Make.Batch(Make.Uid(), 1, 2, 3)]);
        foreach (var view in await test.RowsAsync("select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'berth' and relkind = 'v'"))
            await test.RowsAsync($"select * from berth.{view[0]} limit 5");
        Assert.Equal([[3L, 2L]], await test.RowsAsync("select count(*), count(seconds) from berth.view_stays"));
    }

    [Fact]
    public async Task What_the_page_tells_to_type_for_dashboards_works_and_is_all_that_they_need()
    {
        await using var test = await fixture.StoreAsync();
        var finished = Make.Task(Make.Uid(), TaskPhase.Succeeded, created: DateTimeOffset.UtcNow.AddHours(-2));
        await test.Store.WriteTransitionsAsync([Make.Batch(finished, 0, Make.Entry(1, at: DateTimeOffset.UtcNow.AddHours(-2)), Make.Entry(2, TaskPhase.ApplyPending, DateTimeOffset.UtcNow.AddHours(-1)))]);
        var page = await File.ReadAllTextAsync(Path.Combine(Root(AppContext.BaseDirectory), "docs", "history.md"), TestContext.Current.CancellationToken);
        var blocks = System.Text.RegularExpressions.Regex.Matches(page, "```sql\n(.*?)```", System.Text.RegularExpressions.RegexOptions.Singleline).Select(m => m.Groups[1].Value).ToList();
        Assert.True(blocks.Count >= 4, $"{blocks.Count} blocks");
        // Roles are of the whole server, which other tests share.
        var role = "reader_" + Guid.NewGuid().ToString("N");
        await test.ExecuteAsync(blocks[0].Replace("berth_reader", role, StringComparison.Ordinal));
        try
        {
            foreach (var query in blocks.Skip(1)) Assert.NotEmpty(await test.RowsAsync($"set role {role}; {query}"));
            foreach (var view in System.Text.RegularExpressions.Regex.Matches(page, "^\\| `(view_[a-z]+)`", System.Text.RegularExpressions.RegexOptions.Multiline).Select(m => m.Groups[1].Value)) await test.RowsAsync($"set role {role}; select * from berth.{view}");
            Assert.Contains("permission denied", (await Assert.ThrowsAsync<PostgresException>(() => test.RowsAsync($"set role {role}; select * from berth.tasks"))).Message);
        }
        finally
        {
            await test.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    private static string Root(string from) => File.Exists(Path.Combine(from, "Operator.sln")) ? from : Root(Directory.GetParent(from)!.FullName);

    private async Task<TestStore> EmptyAsync()
    {
        var connection = await fixture.Server.CreateDatabaseAsync();
        return new TestStore(new HistoryStore(connection), connection);
    }
}
