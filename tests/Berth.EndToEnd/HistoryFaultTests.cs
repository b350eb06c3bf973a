using System.Collections.Concurrent;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Testing;
using Npgsql;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>
/// Each way in which the database can be of no use while it runs: every replica says which, a task goes through all its phases meanwhile, and
/// afterwards the database has, row by row, what a watch of the API saw.
/// </summary>
[Collection("disaster")]
public sealed class HistoryFaultTests(StackFixture fixture)
{
    private static readonly ResourceType<TaskResource> Tasks = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => new(t.Metadata.Namespace, t.Metadata.Name, t.Metadata.Uid, t.Metadata.ResourceVersion));
    private readonly BerthStack _stack = fixture.Stack;

    private string Database => new Uri(_stack.Env("POSTGRES")).AbsolutePath.Trim('/');

    [Fact, Trait("Suite", "Long")]
    public Task Frozen() => GoesOnAsync("Timeout", _stack.Postgres.FreezeAsync, _stack.Postgres.ThawAsync);

    [Fact, Trait("Suite", "Long")]
    public Task Read_only() => GoesOnAsync("ReadOnly",
        () => AlterAsync($"alter database {Database} set default_transaction_read_only = on"),
        () => AlterAsync($"alter database {Database} set default_transaction_read_only = off"));

    [Fact, Trait("Suite", "Long")]
    public async Task Wrong_password()
    {
        var rules = _stack.Postgres.Directory + "/data/pg_hba.conf";
        var before = await File.ReadAllTextAsync(rules);
        await GoesOnAsync("WrongPassword", () => RuleAsync($"host {Database} all 127.0.0.1/32 scram-sha-256\n" + before), () => RuleAsync(before));

        async Task RuleAsync(string text)
        {
            await File.WriteAllTextAsync(rules, text);
            await AlterAsync("select pg_reload_conf()");
        }
    }

    [Fact, Trait("Suite", "Long")]
    public Task A_newer_schema() => GoesOnAsync("SchemaNewer",
        () => InDatabaseAsync("insert into berth.schema_migrations values ('29990101000000_FromTheFuture', '99.0')"),
        () => InDatabaseAsync("delete from berth.schema_migrations where \"MigrationId\" like '2999%'"));

    [Fact, Trait("Suite", "Long")]
    public async Task A_table_that_somebody_has_locked()
    {
        await using var other = new NpgsqlConnection(Direct());
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await GoesOnAsync("Timeout",
            async () =>
            {
                await using var command = new NpgsqlCommand("lock table berth.tasks in access exclusive mode", other);
                await command.ExecuteNonQueryAsync();
            },
            () => transaction.RollbackAsync());
    }

    /// <summary>As a program that is newer than the schema finds it: what asks for the column fails, what does not goes on.</summary>
    [Fact, Trait("Suite", "Long")]
    public Task An_older_schema() => GoesOnAsync("SchemaOlder",
        () => InDatabaseAsync("alter table berth.tasks rename column plan_summary to plan_summary_later"),
        () => InDatabaseAsync("alter table berth.tasks rename column plan_summary_later to plan_summary"));

    /// <summary>With the words of PostgreSQL; a disk that is really full is in the suite of the history.</summary>
    [Fact, Trait("Suite", "Long")]
    public Task A_full_disk() => GoesOnAsync("DiskFull",
        () => InDatabaseAsync("""
            create function berth.disk_is_full() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
            create trigger full_disk before insert on berth.transitions for each row execute function berth.disk_is_full();
            create trigger full_disk before insert on berth.log_chunks for each row execute function berth.disk_is_full();
            create trigger full_disk before insert on berth.artifact_chunks for each row execute function berth.disk_is_full()
            """),
        () => InDatabaseAsync("drop function berth.disk_is_full() cascade"));

    [Fact, Trait("Suite", "Long")]
    public Task Crashed_and_recovering() => GoesOnAsync(null, _stack.Postgres.CrashAsync, _stack.Postgres.StartAgainAsync);

    private async Task GoesOnAsync(string? said, Func<Task> breakIt, Func<Task> mendIt)
    {
        await using var space = await _stack.SpaceAsync();
        await space.CreateAsync("warm");
        await space.UntilReservedAsync("warm");
        await UntilAsync(async () => (await _stack.ReadinessAsync()).All(t => t.Contains("history: ok", StringComparison.Ordinal)), "every replica is well");
        using var watching = new CancellationTokenSource();
        var record = new ConcurrentDictionary<long, OutboxEntry>();
        var watch = WatchAsync(space.Name, record, watching.Token);
        string uid;
        await breakIt();
        try
        {
            await space.CreateAsync("a");
            // What the probe cannot see shows with the first write: a lock, for one.
            await space.UntilAsync("a", t => t.Status.Phase == TaskPhase.ApplyPending, "planned");
            if (said is not null) await UntilAsync(async () => (await _stack.ReadinessAsync()).Any(t => t.Contains("history: " + said, StringComparison.Ordinal)), $"a replica says {said}");
            await space.DecideAsync("a");
            uid = (await space.UntilAsync("a", TaskPhase.Succeeded)).Metadata.Uid;
        }
        finally
        {
            await mendIt();
        }
        await space.UntilAsync("a", t => t.Metadata.Finalizers is not { Count: > 0 }, "released");
        await UntilAsync(async () => (await _stack.ReadinessAsync()).All(t => t.Contains("history: ok", StringComparison.Ordinal)), "every replica is well again");
        await watching.CancelAsync();
        await watch;
        await using var history = new HistoryStore(_stack.Env("POSTGRES"));
        Assert.True(record.Count >= 4, $"{record.Count} transitions were seen");
        Assert.Equal(Enumerable.Range(1, record.Count).Select(i => (long)i), record.Keys.Order());
        Assert.Equal(record.OrderBy(e => e.Key).Select(e => e.Value), await history.GetTransitionsAsync(uid));
        Assert.Single(space.LedgerLines());
    }

    private async Task WatchAsync(string ns, ConcurrentDictionary<long, OutboxEntry> record, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await foreach (var change in _stack.Client.WatchAsync(Tasks, ns, new() { FieldSelector = "metadata.name=a" }, stop))
                    foreach (var entry in change.Object?.Status.History.Entries ?? []) record[entry.Seq] = entry;
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or KubernetesException)
        {
            // The test has seen what it wanted to see.
        }
    }

    /// <summary>What open sessions learn only when they begin anew.</summary>
    private async Task AlterAsync(string sql)
    {
        await _stack.Postgres.ExecuteAsync(sql);
        await _stack.Postgres.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{Database}' and pid <> pg_backend_pid()");
    }

    private async Task InDatabaseAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Direct());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private string Direct() => new NpgsqlConnectionStringBuilder(_stack.Postgres.ConnectionString) { Database = Database, Pooling = false }.ConnectionString;

    private async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; !await condition(); await Task.Delay(100))
            if (DateTime.UtcNow > end) throw new TimeoutException($"it did not come true that {what}\n{string.Join('\n', await _stack.ReadinessAsync())}\n{_stack.Logs(40)}");
    }
}
