using System.Diagnostics;
using System.Globalization;
using System.Text;
using Berth.Api;
using Berth.History;
using Berth.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Berth.Benchmarks.History;

/// <summary>
/// Write rate beside a plain COPY of the same rows, a task's story among many transitions (<c>--transitions=N</c>, ten million unless
/// told), storage per task. On a server that waits for its disk.
/// </summary>
internal static class HistoryBenchmark
{
    private const string Honest = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=256MB -c max_wal_size=4GB";
    private const int Tasks = 10_000;
    private const int PerTask = 6;
    private const int TasksPerCall = 500;

    public static async Task<int> RunAsync(string[] options)
    {
        var transitions = options.FirstOrDefault(o => o.StartsWith("--transitions=", StringComparison.Ordinal)) is { } given ? long.Parse(given[14..], CultureInfo.InvariantCulture) : 10_000_000;
        await using var server = await PostgresServer.StartAsync(alwaysPrivate: true, Honest);
        var connection = await server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection);
        await store.MigrateAsync();
        var gates = new Gates($"History: {Tasks} tasks of {PerTask} transitions, {TasksPerCall} tasks a call");
        await MeasureWritesAsync(store, connection, gates);
        await MeasureStorageAsync(store, connection, gates);
        await MeasureStoryAsync(store, connection, transitions, gates);
        return gates.Report();
    }

    private static async Task MeasureWritesAsync(HistoryStore store, string connection, Gates gates)
    {
        await store.WriteTransitionsAsync([.. Batches("warm", 100, 1, PerTask)]);
        var plain = await PlainCopyAsync(connection);
        var watch = Stopwatch.StartNew();
        // As tasks live: three calls, each with two more transitions of every task and its new status.
        for (var first = 1; first <= PerTask; first += 2)
            foreach (var call in Batches("write", Tasks, first, 2).Chunk(TasksPerCall)) await store.WriteTransitionsAsync(call);
        var rate = Tasks * PerTask / watch.Elapsed.TotalSeconds;
        // Rates are the machine's; the gate is the ratio, which holds while something else keeps the machine busy too.
        gates.Note("transitions written", rate, "/s", $"{plain:0} rows/s by plain COPY");
        gates.Below("times slower than plain COPY", plain / rate, 20, "x");
    }

    // The same rows into a table with the same key and nothing else: what PostgreSQL can do on this machine.
    private static async Task<double> PlainCopyAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using (var create = new NpgsqlCommand("create table plain (like berth.transitions, primary key (uid, seq, at))", connection)) await create.ExecuteNonQueryAsync();
        var watch = Stopwatch.StartNew();
        foreach (var call in Batches("plain", Tasks, 1, PerTask).Chunk(TasksPerCall))
        {
            await using var copy = await connection.BeginBinaryImportAsync("copy plain (uid, seq, at, run, to_phase, signal, reason, message, slot, epoch) from stdin (format binary)");
            foreach (var batch in call)
            {
                foreach (var entry in batch.Entries)
                {
                    await copy.StartRowAsync();
                    await copy.WriteAsync(batch.Task.Uid, NpgsqlDbType.Text);
                    await copy.WriteAsync(entry.Seq, NpgsqlDbType.Bigint);
                    await copy.WriteAsync(entry.At, NpgsqlDbType.TimestampTz);
                    await copy.WriteAsync(entry.Run, NpgsqlDbType.Integer);
                    foreach (var text in new[] { entry.To.ToString(), entry.Signal, entry.Reason, entry.Message!, entry.Slot! }) await copy.WriteAsync(text, NpgsqlDbType.Text);
                    await copy.WriteAsync(entry.Epoch, NpgsqlDbType.Bigint);
                }
            }
            await copy.CompleteAsync();
        }
        return Tasks * PerTask / watch.Elapsed.TotalSeconds;
    }

    private static async Task MeasureStorageAsync(HistoryStore store, string connection, Gates gates)
    {
        await ExecuteAsync(connection, "vacuum full berth.tasks; checkpoint");
        var before = (await store.GetStorageAsync()).DatabaseBytes;
        const int tasks = 2_000;
        var log = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"module.network.resource_{i}: Modifying... [id={i * 7919:x8}]\n")));
        foreach (var call in Batches("store", tasks, 1, PerTask).Chunk(TasksPerCall))
        {
            await store.WriteTransitionsAsync(call);
            await store.WriteAttemptsAsync([.. call.SelectMany(b => Enumerable.Range(1, 2).Select(n => new AttemptRecord { TaskUid = b.Task.Uid, Attempt = new AttemptStatus { Id = $"{b.Task.Uid}-{n}", Pod = "pool-a-0", PodUid = "pod-uid", OrderedAt = b.Task.CreatedAt, Outcome = "Succeeded" } }))]);
            await store.AppendLogsAsync([.. call.Select(b => new LogAppend { TaskUid = b.Task.Uid, Attempt = b.Task.Uid + "-1", Bytes = log })]);
        }
        gates.Note("storage per task (2 attempts, a log of 12 KiB)", ((await store.GetStorageAsync()).DatabaseBytes - before) / (double)tasks / 1024, "KiB");
    }

    private static async Task MeasureStoryAsync(HistoryStore store, string connection, long transitions, Gates gates)
    {
        Console.Error.WriteLine($"history: making {transitions} transitions ...");
        await ExecuteAsync(connection, $"""
            insert into berth.tasks (uid, namespace, name, workspace, pool, type, priority, phase, reason, run, created_at, finished_at, updated_at, spec, status, status_seq, acknowledged, max_seq)
              select 'made-' || i, 'team-a', 'task-' || i, 'w-' || i % 500, 'pool-' || i % 20, 'PlanAndApply', 0, 'Succeeded', 'Applied', 1,
                timestamptz '2026-01-01' + i * interval '25 seconds', timestamptz '2026-01-02' + i * interval '25 seconds', now(), seed.spec, seed.status, 10, 10, 10
              from generate_series(1, {transitions / 10}) i, (select spec, status from berth.tasks where uid = 'write-0') seed
            """);
        // One row a month first, so that the partitions are there when the many come.
        await ExecuteAsync(connection, $"""
            insert into berth.transitions (uid, seq, at, run, to_phase, signal, reason, epoch)
              select 'month', row_number() over (), m, 1, 'Planning', 'Assigned', 'SlotFound', 3 from generate_series(timestamptz '2026-01-01', timestamptz '2026-01-02' + {transitions / 10} * interval '25 seconds', interval '1 month') m
            """);
        await store.MigrateAsync();
        await ExecuteAsync(connection, $"""
            insert into berth.transitions (uid, seq, at, run, from_phase, to_phase, signal, reason, message, slot, epoch)
              select 'made-' || i, s, timestamptz '2026-01-01' + i * interval '25 seconds' + s * interval '1 minute', 1, 'Pending', 'Planning', 'Assigned', 'SlotFound', 'planning on pool-a-0/1', 'pool-a-0/1', 3
              from generate_series(1, {transitions / 10}) i, generate_series(1, 10) s
            """);
        await ExecuteAsync(connection, "analyze");
        var random = new Random(42);
        var times = new List<double>();
        for (var i = 0; i < 300; i++)
        {
            var uid = $"made-{random.NextInt64(1, (transitions / 10) + 1)}";
            var watch = Stopwatch.StartNew();
            var story = await store.GetStoryAsync(uid);
            if (story?.Transitions.Count != 10) throw new InvalidOperationException($"{uid} has {story?.Transitions.Count} transitions instead of 10.");
            if (i >= 20) times.Add(watch.Elapsed.TotalMilliseconds);
        }
        times.Sort();
        gates.Note($"a story among {transitions} transitions, p50", times[times.Count / 2], "ms");
        gates.Below($"a story among {transitions} transitions, p95", times[(int)(times.Count * 0.95)], 50, "ms");
    }

    private static IEnumerable<TransitionBatch> Batches(string prefix, int tasks, int first, int count)
    {
        var start = new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero);
        var spec = new TaskSpec { Workspace = "network", PoolRef = new PoolReference { Name = "small" }, RequestedBy = "bob", Plan = new PlanStep { Command = ["terraform", "plan", "-out=plan.bin"], Artifacts = ["plan.bin"] }, Apply = new ApplyStep { Command = ["terraform", "apply", "plan.bin"] } };
        for (var i = 0; i < tasks; i++)
        {
            var entries = Enumerable.Range(first, count).Select(s => new OutboxEntry
            {
                Seq = s,
                From = TaskPhase.Pending,
                To = TaskPhase.Planning,
                Signal = "Assigned",
                Reason = "SlotFound",
                Message = "planning on pool-a-0/1",
                Slot = "pool-a-0/1",
                Run = 1,
                Epoch = 3,
                At = start.AddSeconds((i * 10) + s),
            }).ToList();
            var history = new OutboxStatus { Seq = first + count - 1, Acknowledged = first - 1, Entries = entries };
            yield return TransitionBatch.From(new TaskResource
            {
                Metadata = new ResourceMeta { Uid = $"{prefix}-{i}", Name = $"{prefix}-{i}", Namespace = "team-a", CreationTimestamp = start },
                Spec = spec,
                Status = new Api.TaskStatus { Phase = TaskPhase.Planning, Reason = "SlotFound", Message = "planning on pool-a-0/1", QueuedAt = start, StartedAt = start, PhaseSince = start.AddSeconds(first), History = history },
            });
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 1800 };
            await command.ExecuteNonQueryAsync();
        }
    }
}
