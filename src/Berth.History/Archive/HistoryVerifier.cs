using Berth.Api;
using Berth.History.Artifacts;
using Berth.History.Connection;
using Berth.History.Queries;
using Npgsql;

namespace Berth.History.Archive;

/// <summary>Compares the history with itself, and with the tasks of a cluster, and names every difference.</summary>
internal sealed class HistoryVerifier(HistoryConnections connections, ArtifactStore artifacts, TaskQueries queries, Logs.LogStore logs, TimeProvider time)
{
    private static readonly TimeSpan WriteTakes = TimeSpan.FromMinutes(1);

    // Each finds what must not be: kind, subject, message.
    private static readonly string[] Checks =
    [
        """
        select 'TransitionMissing', k.uid, format('%s of %s acknowledged transitions are here', count(t.seq), k.acknowledged)
          from berth.tasks k left join berth.transitions t on t.uid = k.uid and t.seq <= k.acknowledged
          where not exists (select from berth.purged_tasks p where p.uid = k.uid) and not exists (select from berth.alerts a where a.name = 'HistoryLost' and a.subject = k.uid and a.resolved_at is null)
          group by k.uid, k.acknowledged having count(t.seq) <> k.acknowledged
        """,
        "select 'HistoryLost', a.subject, a.message from berth.alerts a where a.name = 'HistoryLost' and a.resolved_at is null and exists (select from berth.tasks k where k.uid = a.subject)",
        "select 'TransitionTwice', uid, format('number %s is here %s times', seq, count(*)) from berth.transitions group by uid, seq having count(*) > 1",
        "select 'TaskMissing', t.uid, format('%s transitions of a task that is not known', count(*)) from berth.transitions t where not exists (select from berth.tasks k where k.uid = t.uid) and not exists (select from berth.purged_tasks p where p.uid = t.uid and not p.swept) group by t.uid",
        """
        select 'ArtifactMissing', r.digest, format('%s refers to bytes that are not here', r.owner) from (
          select digest, attempt || ' ' || kind || ' ' || path as owner from berth.artifact_links union all select digest, attempt || ' checkpoint ' || number from berth.checkpoints) r
          where not exists (select from berth.artifacts a where a.digest = r.digest)
        """,
        """
        select 'ChunkMissing', a.digest, format('%s of %s chunks are here', count(c.number), a.chunks) from berth.artifacts a left join berth.artifact_chunks c on c.blob = a.blob
          group by a.digest, a.chunks having count(c.number) <> a.chunks
        """,
        """
        select 'LogHole', l.attempt, format('%s of %s bytes are here', coalesce(sum(c.size), 0), l.stored) from berth.logs l left join berth.log_chunks c on c.attempt = l.attempt
          group by l.attempt, l.stored having coalesce(sum(c.size), 0) <> l.stored
        """,
    ];

    public async Task<IReadOnlyList<HistoryDefect>> VerifyAsync(IReadOnlyList<TaskResource>? cluster, bool deep, Action<string>? tell, CancellationToken cancellation)
    {
        var defects = new List<HistoryDefect>();
        tell?.Invoke("comparing the tables with each other");
        foreach (var check in Checks) defects.AddRange(await connections.RunAsync("verify the history", (c, t) => AskAsync(c, check, t), cancellation).ConfigureAwait(false));
        // A cluster without tasks is a cluster too: it may be the one that was lost.
        if (cluster is not null) await FindGoneAsync(cluster, defects, cancellation).ConfigureAwait(false);
        foreach (var (i, task) in (cluster ?? []).Index())
        {
            tell?.Invoke($"comparing tasks, {i + 1} of {cluster!.Count}");
            await CompareAsync(task, defects, cancellation).ConfigureAwait(false);
        }
        if (deep) await ReadAllAsync(defects, tell, cancellation).ConfigureAwait(false);
        return defects;
    }

    /// <summary>Tasks that the history believes to be under way and the cluster does not have, neither themselves nor restored.</summary>
    private async Task FindGoneAsync(IReadOnlyList<TaskResource> cluster, List<HistoryDefect> defects, CancellationToken cancellation)
    {
        var there = cluster.Select(t => t.Metadata.Uid).Concat(cluster.Select(t => t.Metadata.Annotations?.GetValueOrDefault(Names.RestoredFromAnnotation)).OfType<string>());
        var known = RestoredTasks.WithOrigins(there, await RestoredTasks.ReadAsync(connections, cancellation).ConfigureAwait(false));
        var open = await connections.RunAsync("verify the history", (c, t) => AskAsync(c, "select phase, uid, namespace || '/' || name from berth.tasks where finished_at is null and deleted_at is null order by uid", t), cancellation).ConfigureAwait(false);
        defects.AddRange(open.Where(o => !known.Contains(o.Subject)).Select(o => new HistoryDefect("ClusterMissing", o.Subject, $"task {o.Message} is {o.Kind} here and not in the cluster: it was deleted by force, or the cluster was lost; 'berth restore --resources-only' brings it back suspended")));
    }

    private async Task CompareAsync(TaskResource task, List<HistoryDefect> defects, CancellationToken cancellation)
    {
        var (uid, history) = (task.Metadata.Uid, task.Status.History);
        var stored = (await queries.TransitionsAsync(uid, cancellation).ConfigureAwait(false)).ToDictionary(e => e.Seq);
        var missing = history.Entries.Where(e => e.Seq <= history.Acknowledged && !stored.ContainsKey(e.Seq)).Select(e => e.Seq).ToList();
        if (missing.Count > 0) defects.Add(new HistoryDefect("TransitionMissing", uid, $"the task's status says that {string.Join(", ", missing)} are stored, and they are not"));
        var waiting = history.Entries.Where(e => e.Seq > history.Acknowledged && !stored.ContainsKey(e.Seq)).ToList();
        if (waiting.Count > 0 && time.GetUtcNow() - waiting[0].At > WriteTakes)
            defects.Add(new HistoryDefect("TransitionWaiting", uid, $"{waiting.Count} transitions since {waiting[0].At:O} are in the task's status only; the operator writes them as long as it runs and the database takes them"));
        foreach (var entry in history.Entries)
            if (stored.TryGetValue(entry.Seq, out var other) && (entry.To, entry.Signal, entry.Reason, Moments.Normal(entry.At)) != (other.To, other.Signal, other.Reason, other.At))
                defects.Add(new HistoryDefect("TransitionDiffers", uid, $"number {entry.Seq} is {entry.To}/{entry.Reason} in the cluster and {other.To}/{other.Reason} here"));
        if (stored.Count > 0 && stored.Keys.Max() > history.Seq)
            defects.Add(new HistoryDefect("ClusterBehind", uid, $"the history knows number {stored.Keys.Max()}, the cluster's newest is {history.Seq}: the cluster went back in time"));
        if (task.Status.Plan is not { Stored: true, Artifacts: { } files }) return;
        var there = await artifacts.HasAsync([.. files.Select(f => f.Digest)], cancellation).ConfigureAwait(false);
        foreach (var file in files.Where(f => !there.Contains(f.Digest)))
            defects.Add(new HistoryDefect("ArtifactMissing", uid, $"the plan's {file.Path} ({file.Digest}) is marked as stored and is not here"));
    }

    private async Task ReadAllAsync(List<HistoryDefect> defects, Action<string>? tell, CancellationToken cancellation)
    {
        var digests = await NamesAsync("select digest from berth.artifacts order by 1", cancellation).ConfigureAwait(false);
        foreach (var (i, digest) in digests.Index())
        {
            tell?.Invoke($"reading artifacts, {i + 1} of {digests.Count}");
            try
            {
                await using var content = await artifacts.OpenAsync(digest, cancellation).ConfigureAwait(false);
                if (content is not null) await content.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ArtifactMismatchException or HistoryUnavailableException { Reason: HistoryUnavailableReason.KeyMissing })
            {
                defects.Add(new HistoryDefect("ArtifactDamaged", digest, e.Message));
            }
        }
        var attempts = await NamesAsync("select attempt from berth.logs order by 1", cancellation).ConfigureAwait(false);
        foreach (var (i, attempt) in attempts.Index())
        {
            tell?.Invoke($"reading logs, {i + 1} of {attempts.Count}");
            try
            {
                await foreach (var piece in logs.ReadAsync(attempt, 0, cancellation).ConfigureAwait(false)) cancellation.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (e is ArtifactMismatchException or HistoryUnavailableException { Reason: HistoryUnavailableReason.KeyMissing })
            {
                defects.Add(new HistoryDefect("LogDamaged", attempt, e.Message));
            }
        }
    }

    private Task<List<string>> NamesAsync(string sql, CancellationToken cancellation) => connections.RunAsync("verify the history", async (connection, token) =>
    {
        var names = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)connections.Options.MigrationCommandTimeout.TotalSeconds };
        await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
        while (await reader.ReadAsync(token).ConfigureAwait(false)) names.Add(reader.GetString(0));
        return names;
    }, cancellation);

    private async Task<List<HistoryDefect>> AskAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        var defects = new List<HistoryDefect>();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)connections.Options.MigrationCommandTimeout.TotalSeconds };
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) defects.Add(new HistoryDefect(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return defects;
    }
}
