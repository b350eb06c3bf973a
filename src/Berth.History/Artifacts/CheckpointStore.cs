using Berth.History.Connection;
using Npgsql;

namespace Berth.History.Artifacts;

/// <summary>Checkpoints: numbered artifacts of the running attempts of a task, of which the newest few are kept.</summary>
internal sealed class CheckpointStore(HistoryConnections connections, ArtifactStore artifacts, TimeProvider time)
{
    // By attempt, not by time: what a lost attempt saved may arrive after its successor's.
    private const string NewestFirst = "substring(attempt from '[0-9]+$')::int desc, number desc";

    public async Task PutAsync(Stream content, CheckpointRecord checkpoint, int keep, CancellationToken cancellation)
    {
        var link = new ArtifactLink { TaskUid = checkpoint.TaskUid, Attempt = checkpoint.Attempt, Path = $"checkpoint {checkpoint.Number}", Digest = checkpoint.Digest, Size = checkpoint.Size };
        await artifacts.PutAsync(content, link, (c, t) => EnterAsync(c, checkpoint, keep, t), cancellation).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<CheckpointRecord>> ListAsync(string taskUid, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlyList<CheckpointRecord>>("list checkpoints", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand($"select attempt, number, digest, size, created_at from berth.checkpoints where task_uid = $1 order by {NewestFirst}", connection)
            { Parameters = { new() { Value = taskUid } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            var found = new List<CheckpointRecord>();
            while (await reader.ReadAsync(token).ConfigureAwait(false))
            {
                found.Add(new CheckpointRecord
                {
                    TaskUid = taskUid,
                    Attempt = reader.GetString(0),
                    Number = reader.GetInt32(1),
                    Digest = reader.GetString(2),
                    Size = reader.GetInt64(3),
                    CreatedAt = reader.GetFieldValue<DateTimeOffset>(4),
                });
            }
            return found;
        }, cancellation);

    // The bytes of those that fall away go with the next cleanup, unless something else refers to them.
    private async Task EnterAsync(NpgsqlConnection connection, CheckpointRecord checkpoint, int keep, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            insert into berth.checkpoints (task_uid, attempt, number, digest, size, created_at) values ($1, $2, $3, $4, $5, $6)
              on conflict (attempt, number) do update set digest = excluded.digest, size = excluded.size
            """, connection)
        {
            Parameters =
            {
                new() { Value = checkpoint.TaskUid }, new() { Value = checkpoint.Attempt }, new() { Value = checkpoint.Number }, new() { Value = checkpoint.Digest },
                new() { Value = checkpoint.Size }, new() { Value = Moments.Normal(time.GetUtcNow()) },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await using var prune = new NpgsqlCommand($"delete from berth.checkpoints where task_uid = $1 and (attempt, number) not in (select attempt, number from berth.checkpoints where task_uid = $1 order by {NewestFirst} limit $2)", connection)
        { Parameters = { new() { Value = checkpoint.TaskUid }, new() { Value = Math.Max(1, keep) } } };
        await prune.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
