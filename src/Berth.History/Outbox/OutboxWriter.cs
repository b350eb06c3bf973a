using System.Text.Json;
using Berth.Api;
using Berth.History.Connection;
using Npgsql;

namespace Berth.History.Outbox;

/// <summary>
/// Writes transitions exactly once, however often and in whatever order they are sent. In one transaction: stage by COPY, make the missing
/// task rows, lock all of them in order of uid (two writers of one task wait for each other here and nowhere else), insert what is new,
/// compare what is not, raise the acknowledged numbers.
/// </summary>
internal sealed class OutboxWriter(HistoryConnections connections, TimeProvider time)
{
    public Task<TransitionsWritten> WriteAsync(IReadOnlyList<TransitionBatch> batches, CancellationToken cancellation)
    {
        if (batches.Count == 0) return Task.FromResult(new TransitionsWritten());
        return connections.TransactAsync("write transitions", (connection, token) => WriteAsync(connection, OutboxPlan.Of(batches), token), cancellation);
    }

    public Task<IReadOnlyDictionary<string, long>> AcknowledgedAsync(IReadOnlyCollection<string> uids, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlyDictionary<string, long>>("compare with the tasks", async (connection, token) =>
        {
            var known = new Dictionary<string, long>(uids.Count, StringComparer.Ordinal);
            await using var command = new NpgsqlCommand("select uid, acknowledged from berth.purged_tasks where uid = any($1) union all select uid, acknowledged from berth.tasks where uid = any($1)", connection)
            { Parameters = { new() { Value = uids.ToArray() } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            while (await reader.ReadAsync(token).ConfigureAwait(false)) known[reader.GetString(0)] = reader.GetInt64(1);
            return known;
        }, cancellation);

    private async Task<TransitionsWritten> WriteAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        await OutboxStage.FillAsync(connection, plan, cancellation).ConfigureAwait(false);
        await LockHeadsAsync(connection, plan, cancellation).ConfigureAwait(false);
        var differences = plan.Differences;
        if (plan.Tasks.Any(t => t.MayRepeat)) differences.AddRange(await CompareAsync(connection, plan, cancellation).ConfigureAwait(false));
        if (plan.Tasks.Any(t => t.MaxSeq > t.Acknowledged)) await ReadBeyondAsync(connection, plan, cancellation).ConfigureAwait(false);
        var inserted = await InsertAsync(connection, cancellation).ConfigureAwait(false);
        var (acknowledged, lost) = await AdvanceAsync(connection, plan, cancellation).ConfigureAwait(false);
        await AlertAsync(connection, differences, lost, cancellation).ConfigureAwait(false);
        return new TransitionsWritten { Acknowledged = acknowledged, Inserted = inserted, Differences = differences, Lost = lost };
    }

    private static async Task LockHeadsAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        var tasks = plan.Tasks.ToDictionary(t => t.Record.Uid, StringComparer.Ordinal);
        await using var command = new NpgsqlCommand($"""
            insert into berth.tasks ({OutboxStage.TaskColumns}, acknowledged, max_seq)
              select {OutboxStage.TaskColumns}, coalesce(p.acknowledged, 0), coalesce(p.acknowledged, 0)
                from pg_temp.berth_stage_tasks left join berth.purged_tasks p using (uid) order by uid on conflict (uid) do nothing;
            select uid, acknowledged, max_seq from berth.tasks where uid in (select uid from pg_temp.berth_stage_tasks) order by uid for update;
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var task = tasks[reader.GetString(0)];
            task.Acknowledged = reader.GetInt64(1);
            task.MaxSeq = reader.GetInt64(2);
        }
    }

    // Numbers up to max_seq may be there already. Whether the text is the same is decided here, where both are records.
    private static async Task<List<TransitionDifference>> CompareAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        var tasks = plan.Tasks.ToDictionary(t => t.Record.Uid, StringComparer.Ordinal);
        var differences = new List<TransitionDifference>();
        await using var command = new NpgsqlCommand($"""
            select t.uid, {TransitionReading.Columns("t")} from pg_temp.berth_stage_transitions s
              join berth.tasks k on k.uid = s.uid and s.seq <= k.max_seq join berth.transitions t on t.uid = s.uid and t.seq = s.seq
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var uid = reader.GetString(0);
            var stored = TransitionReading.Read(reader, 1);
            var offered = tasks[uid].Entries[stored.Seq];
            if (stored != offered) differences.Add(new TransitionDifference { Uid = uid, Seq = stored.Seq, Stored = stored, Offered = offered });
        }
        return differences;
    }

    private static async Task ReadBeyondAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        var tasks = plan.Tasks.Where(t => t.MaxSeq > t.Acknowledged).ToDictionary(t => t.Record.Uid, StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(
            "select t.uid, t.seq from berth.transitions t join berth.tasks k on k.uid = t.uid where k.uid = any($1) and t.seq > k.acknowledged", connection)
        { Parameters = { new() { Value = tasks.Keys.ToArray() } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) tasks[reader.GetString(0)].Beyond.Add(reader.GetInt64(1));
    }

    // The second condition looks into every partition, so it is only asked for numbers that may be there.
    private static async Task<int> InsertAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"""
            insert into berth.transitions ({OutboxStage.TransitionColumns})
              select s.uid, {TransitionReading.Columns("s")} from pg_temp.berth_stage_transitions s join berth.tasks k on k.uid = s.uid
              where s.seq > k.max_seq or not exists (select from berth.transitions t where t.uid = s.uid and t.seq = s.seq)
              order by s.uid, s.seq on conflict do nothing
            """, connection);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<(Dictionary<string, long>, List<TransitionLoss>)> AdvanceAsync(NpgsqlConnection connection, OutboxPlan plan, CancellationToken cancellation)
    {
        var acknowledged = new Dictionary<string, long>(plan.Tasks.Count, StringComparer.Ordinal);
        var lost = new List<TransitionLoss>();
        foreach (var task in plan.Tasks)
        {
            var (reached, gone) = task.Reach();
            acknowledged.Add(task.Record.Uid, reached);
            lost.AddRange(gone);
        }
        var highest = plan.Tasks.Select(t => Math.Max(t.MaxSeq, t.Entries.Count > 0 ? t.Entries.Keys.Last() : 0)).ToArray();
        await using var command = new NpgsqlCommand($"""
            update berth.tasks k set acknowledged = n.acknowledged, max_seq = greatest(n.max_seq, n.acknowledged), updated_at = $4
              from unnest($1, $2, $3) as n(uid, acknowledged, max_seq)
              where k.uid = n.uid and (k.acknowledged, k.max_seq) is distinct from (n.acknowledged, greatest(n.max_seq, n.acknowledged));
            """, connection)
        {
            Parameters =
            {
                new() { Value = plan.Tasks.Select(t => t.Record.Uid).ToArray() },
                new() { Value = plan.Tasks.Select(t => acknowledged[t.Record.Uid]).ToArray() },
                new() { Value = highest },
                new() { Value = Moments.Normal(time.GetUtcNow()) },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await using var update = new NpgsqlCommand(OutboxStage.UpdateTasks, connection);
        await update.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return (acknowledged, lost);
    }

    private async Task AlertAsync(NpgsqlConnection connection, List<TransitionDifference> differences, List<TransitionLoss> lost, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var alerts = differences.Select(d => new AlertRecord
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Name = "HistoryDiffers",
            Severity = "critical",
            Subject = d.Uid,
            Message = $"transition {d.Seq} was stored before with another content; the first one stays",
            DetailJson = JsonSerializer.Serialize(d, HistoryJson.Default.TransitionDifference),
        }).Concat(lost.Select(l => new AlertRecord
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            Name = "HistoryLost",
            Severity = "critical",
            Subject = l.Uid,
            Message = $"transitions {l.From} to {l.To} were stored once and are gone: the database was lost or went back in time",
            DetailJson = JsonSerializer.Serialize(l, HistoryJson.Default.TransitionLoss),
        })).ToList();
        if (alerts.Count > 0) await Records.AlertWriter.WriteAsync(connection, alerts, cancellation).ConfigureAwait(false);
    }
}
