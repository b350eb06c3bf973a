using System.Globalization;
using Berth.Api;
using Berth.History.Connection;
using Berth.History.Schema;
using Npgsql;

namespace Berth.History.Retention;

/// <summary>
/// Removes what its policy no longer keeps. Tasks go first, under their lock, and are remembered as purged; what belonged to them follows. A
/// task that is requeued meanwhile is either not over any more, and stays, or begins anew on top of what was purged. Every step is a table
/// and a condition; a dry run counts with the very conditions of a real one. Partitions of which nothing is kept are dropped whole, which
/// leaves nothing to vacuum.
/// </summary>
internal sealed class Cleaner(HistoryConnections connections, TimeProvider time)
{
    private const int BatchRows = 10_000;
    private const long LockKey = 0x42_45_52_54_48_02;

    // Bytes of an upload under way have no digest yet; a day is more than any upload takes.
    private static readonly TimeSpan Unreferenced = TimeSpan.FromDays(1);

    public Task<CleanupReport> RunAsync(RetentionPolicy policy, bool dryRun, Action<string>? tell, CancellationToken cancellation) =>
        connections.RunAsync("clean up", async (connection, token) =>
        {
            var work = new CleanerSession(connection, connections.Options, time.GetUtcNow());
            if (!dryRun && await work.ScalarAsync($"select pg_try_advisory_lock({LockKey})::int::bigint", token).ConfigureAwait(false) == 0)
                return new CleanupReport { AlreadyUnderWay = true };
            try
            {
                return await RunAsync(work, policy, dryRun, tell, token).ConfigureAwait(false);
            }
            finally
            {
                if (!dryRun && connection.FullState == System.Data.ConnectionState.Open) await work.ScalarAsync($"select pg_advisory_unlock({LockKey})::int::bigint", CancellationToken.None).ConfigureAwait(false);
            }
        }, cancellation);

    private async Task<CleanupReport> RunAsync(CleanerSession work, RetentionPolicy policy, bool dryRun, Action<string>? tell, CancellationToken cancellation)
    {
        var made = dryRun ? [] : await Partitions.EnsureAsync(work.Connection, connections.Options, cancellation).ConfigureAwait(false);
        var expired = string.Join(" or ", Enum.GetValues<TaskPhase>().Where(TaskPhases.IsTerminal).Select(p => $"k.phase = '{p}' and k.finished_at < {At(work.Now, policy.ByPhase.TryGetValue(p, out var keep) ? keep : policy.Tasks)}"));
        var tasks = dryRun ? await work.CountAsync(new CleanupCondition("tasks", $"exists (select from berth.tasks k where k.uid = t.uid and ({expired}))"), cancellation).ConfigureAwait(false) : await PurgeAsync(work, expired, cancellation).ConfigureAwait(false);
        var steps = new List<CleanupStep> { tasks };
        foreach (var step in Steps(policy, work.Now, dryRun ? expired : null))
        {
            tell?.Invoke($"{(dryRun ? "counting" : "removing")} {step.Table}");
            steps.Add(await (dryRun ? work.CountAsync(step, cancellation) : work.DeleteAsync(step, BatchRows, cancellation)).ConfigureAwait(false));
        }
        if (!dryRun) await work.ExecuteAsync("update berth.purged_tasks set swept = true where not swept", cancellation).ConfigureAwait(false);
        steps.AddRange(await BytesAsync(work, dryRun, cancellation).ConfigureAwait(false));
        return new CleanupReport { DryRun = dryRun, Steps = [.. steps.Where(s => s.Rows > 0 || s.PartitionsDropped.Count > 0)], PartitionsMade = made };
    }

    // A writer that holds a task's row has something new to say about it: such a task is left for the next time.
    private static async Task<CleanupStep> PurgeAsync(CleanerSession work, string expired, CancellationToken cancellation)
    {
        for (long rows = 0; ;)
        {
            var gone = await work.ExecuteAsync($"""
                with chosen as (select k.uid from berth.tasks k where {expired} limit {BatchRows} for update skip locked),
                  gone as (delete from berth.tasks t using chosen c where t.uid = c.uid returning t.uid, t.acknowledged)
                insert into berth.purged_tasks (uid, acknowledged, purged_at, swept) select uid, acknowledged, {At(work.Now, TimeSpan.Zero)}, false from gone
                  on conflict (uid) do update set acknowledged = excluded.acknowledged, purged_at = excluded.purged_at, swept = false
                """, cancellation).ConfigureAwait(false);
            rows += gone;
            if (gone < BatchRows) return new CleanupStep("tasks", rows, []);
        }
    }

    private static IEnumerable<CleanupCondition> Steps(RetentionPolicy policy, DateTimeOffset now, string? expired)
    {
        // What belongs to purged tasks; in a dry run, to those that would be.
        string Purged(string uid, string old) => $"(exists (select from berth.purged_tasks p where not p.swept and p.uid = {uid} and {old})"
            + (expired is null ? ")" : $" or exists (select from berth.tasks k where k.uid = {uid} and ({expired})))");
        string Kind(string uid, TimeSpan? keep) => $"exists (select from berth.tasks k where k.uid = {uid} and k.finished_at < {At(now, keep)})";
        string Log(string log) => $"{Purged(log + ".task_uid", log + ".updated_at < p.purged_at")} or {Kind(log + ".task_uid", policy.Logs)}";
        yield return new("log_chunks", $"t.attempt in (select l.attempt from berth.logs l where {Log("l")})");
        yield return new("logs", Log("t"));
        yield return new("artifact_links", $"{Purged("t.task_uid", "t.created_at < p.purged_at")} or {Kind("t.task_uid", policy.Artifacts)}");
        yield return new("checkpoints", $"{Purged("t.task_uid", "t.created_at < p.purged_at")} or {Kind("t.task_uid", policy.Checkpoints)}");
        yield return new("transitions", Purged("t.uid", "(t.seq <= p.acknowledged or not exists (select from berth.tasks k where k.uid = p.uid))"));
        yield return new("attempts", Purged("t.task_uid", "t.ordered_at < p.purged_at"));
        yield return new("approvals", Purged("t.task_uid", "t.created_at < p.purged_at"));
        yield return new("alerts", $"t.at < {At(now, policy.Alerts)}");
        yield return new("audit", $"t.at < {At(now, policy.Audit)}");
        yield return new("purged_tasks", $"t.swept and t.purged_at < {At(now, TimeSpan.FromDays(730))}");
    }

    private static async Task<IReadOnlyList<CleanupStep>> BytesAsync(CleanerSession work, bool dryRun, CancellationToken cancellation)
    {
        const string free = "not exists (select from berth.artifact_links l where l.digest = a.digest) and not exists (select from berth.checkpoints c where c.digest = a.digest)";
        var old = $"a.created_at < {At(work.Now, Unreferenced)}";
        var orphans = new CleanupCondition("artifact_chunks", $"not exists (select from berth.artifacts a where a.blob = t.blob) and t.created_at < {At(work.Now, Unreferenced)}");
        if (dryRun)
        {
            var unlinked = await work.ScalarAsync($"select count(*) from berth.artifacts a where {free} and {old}", cancellation).ConfigureAwait(false);
            return [new CleanupStep("artifacts", unlinked, []), await work.CountAsync(orphans, cancellation).ConfigureAwait(false)];
        }
        long rows = 0;
        for (var last = BatchRows; last == BatchRows; rows += last)
        {
            // Lock first, look again with a fresh snapshot, then delete: a link made in between holds the row or is seen.
            await using var transaction = await work.Connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
            await work.ExecuteAsync($"create temp table berth_free on commit drop as select a.digest from berth.artifacts a where {free} and {old} limit {BatchRows} for update skip locked", cancellation).ConfigureAwait(false);
            last = await work.ExecuteAsync($"delete from berth.artifacts a using berth_free f where f.digest = a.digest and {free}", cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        return [new CleanupStep("artifacts", rows, []), await work.DeleteAsync(orphans, BatchRows, cancellation).ConfigureAwait(false)];
    }

    // A time that is far enough back to mean "never" when there is no limit.
    private static string At(DateTimeOffset now, TimeSpan? age) => age is { } span
        ? string.Create(CultureInfo.InvariantCulture, $"'{(now - DateTimeOffset.UnixEpoch < span ? DateTimeOffset.UnixEpoch : now - span).UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'::timestamptz")
        : "'-infinity'::timestamptz";
}
