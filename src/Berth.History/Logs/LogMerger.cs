using Berth.History.Bytes;
using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Logs;

/// <summary>
/// Output comes in pieces as small as a line. Once a log is complete its pieces are joined into chunks of full size: fewer rows, and bytes
/// that compress. Readers see the one form or the other, never a hole; the log itself is not changed.
/// </summary>
internal sealed class LogMerger(HistoryConnections connections)
{
    private readonly ChunkSeal seal = new(connections.Options.Keys);

    /// <summary>Merges the logs that were completed longest ago; returns how many.</summary>
    public async Task<int> RunAsync(int most, CancellationToken cancellation)
    {
        var attempts = await connections.RunAsync("look for logs to merge", (c, t) => WaitingAsync(c, most, t), cancellation).ConfigureAwait(false);
        foreach (var attempt in attempts) await MergeAsync(attempt, cancellation).ConfigureAwait(false);
        return attempts.Count;
    }

    private async Task MergeAsync(string attempt, CancellationToken cancellation)
    {
        var chunks = await connections.RunAsync("list a log's chunks", (c, t) => ListAsync(c, attempt, t), cancellation).ConfigureAwait(false);
        try
        {
            foreach (var (from, to) in Runs(chunks)) await connections.TransactAsync("merge a log's chunks", (c, t) => JoinAsync(c, attempt, from, to, t), cancellation).ConfigureAwait(false);
        }
        catch (ArtifactMismatchException)
        {
            // Damaged: a deep verification names it. It stays as it is, and holds up nobody.
        }
        await connections.RunAsync("mark a log as merged", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("update berth.logs set merged = true where attempt = $1", connection) { Parameters = { new() { Value = attempt } } };
            await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs of neighbours that fit into one chunk, from the first offset to the end.</summary>
    private IEnumerable<(long From, long To)> Runs(IReadOnlyList<(long Offset, int Size)> chunks)
    {
        for (var i = 0; i < chunks.Count;)
        {
            var (from, to, next) = (chunks[i].Offset, chunks[i].Offset + chunks[i].Size, i + 1);
            while (next < chunks.Count && chunks[next].Offset == to && to + chunks[next].Size - from <= connections.Options.ChunkBytes) to += chunks[next++].Size;
            if (next > i + 1) yield return (from, to);
            i = next;
        }
    }

    private async Task<bool> JoinAsync(NpgsqlConnection connection, string attempt, long from, long to, CancellationToken cancellation)
    {
        // Two mergers at once: the second finds one chunk and leaves it.
        await using var head = new NpgsqlCommand("select day from berth.logs where attempt = $1 for update", connection) { Parameters = { new() { Value = attempt } } };
        if (await head.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not DateOnly day) return false;
        using var joined = new MemoryStream();
        await using (var delete = new NpgsqlCommand("with gone as (delete from berth.log_chunks where attempt = $1 and start_offset >= $2 and start_offset < $3 returning start_offset, data) select * from gone order by 1", connection)
        { Parameters = { new() { Value = attempt }, new() { Value = from }, new() { Value = to } } })
        {
            await using var reader = await delete.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                joined.Write(seal.Open(reader.GetFieldValue<byte[]>(1), ChunkSeal.PlaceOf(attempt, reader.GetInt64(0))));
        }
        if (joined.Length != to - from) throw new ArtifactMismatchException($"Log {attempt}: {joined.Length} bytes are between {from} and {to}; it is left as it is.");
        await using var insert = new NpgsqlCommand("insert into berth.log_chunks (attempt, start_offset, day, size, data) values ($1, $2, $3, $4, $5)", connection)
        {
            Parameters =
            {
                new() { Value = attempt }, new() { Value = from }, new() { Value = day, NpgsqlDbType = NpgsqlDbType.Date }, new() { Value = (int)joined.Length },
                new() { Value = seal.Close(joined.ToArray(), ChunkSeal.PlaceOf(attempt, from)) },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    private static async Task<List<string>> WaitingAsync(NpgsqlConnection connection, int most, CancellationToken cancellation)
    {
        var attempts = new List<string>();
        await using var command = new NpgsqlCommand("select attempt from berth.logs where complete and not merged order by updated_at limit $1", connection) { Parameters = { new() { Value = most } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) attempts.Add(reader.GetString(0));
        return attempts;
    }

    private static async Task<List<(long Offset, int Size)>> ListAsync(NpgsqlConnection connection, string attempt, CancellationToken cancellation)
    {
        var chunks = new List<(long, int)>();
        await using var command = new NpgsqlCommand("select start_offset, size from berth.log_chunks where attempt = $1 order by 1", connection) { Parameters = { new() { Value = attempt } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) chunks.Add((reader.GetInt64(0), reader.GetInt32(1)));
        return chunks;
    }
}
