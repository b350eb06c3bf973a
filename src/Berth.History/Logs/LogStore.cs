using System.Runtime.CompilerServices;
using Berth.History.Bytes;
using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Logs;

/// <summary>
/// Output by attempt and offset. The head row is locked first, so two senders of one attempt cannot overlap; bytes that are there already
/// are cut off; bytes behind a gap are not taken, and the answer says where to go on.
/// </summary>
internal sealed class LogStore(HistoryConnections connections, TimeProvider time)
{
    private const string StateColumns = "attempt, task_uid, received, stored, complete, dropped";

    private readonly ChunkSeal seal = new(connections.Options.Keys);

    public Task<IReadOnlyDictionary<string, LogState>> AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellation) =>
        connections.TransactAsync<IReadOnlyDictionary<string, LogState>>("append to logs", async (connection, token) =>
        {
            var heads = await LockAsync(connection, appends.Select(a => (a.Attempt, a.TaskUid)), token).ConfigureAwait(false);
            var chunks = new List<(string Attempt, DateOnly Day, long Offset, ReadOnlyMemory<byte> Bytes)>();
            foreach (var append in appends.OrderBy(a => a.Offset)) Take(heads[append.Attempt], append, chunks);
            await StoreAsync(connection, chunks, token).ConfigureAwait(false);
            await UpdateAsync(connection, heads.Values.Where(h => h.Changed), token).ConfigureAwait(false);
            return heads.ToDictionary(h => h.Key, h => h.Value.State, StringComparer.Ordinal);
        }, cancellation);

    public Task<LogState> CompleteAsync(string taskUid, string attempt, long dropped, CancellationToken cancellation) =>
        connections.TransactAsync("complete a log", async (connection, token) =>
        {
            var head = (await LockAsync(connection, [(attempt, taskUid)], token).ConfigureAwait(false))[attempt];
            head.State = head.State with { Complete = true, Dropped = Math.Max(dropped, head.State.Dropped) };
            await UpdateAsync(connection, [head], token).ConfigureAwait(false);
            return head.State;
        }, cancellation);

    public Task<LogState?> StateAsync(string attempt, CancellationToken cancellation) =>
        connections.RunAsync("read a log's state", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand($"select {StateColumns} from berth.logs where attempt = $1", connection) { Parameters = { new() { Value = attempt } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            return await reader.ReadAsync(token).ConfigureAwait(false) ? ReadState(reader) : null;
        }, cancellation);

    /// <summary>A few chunks a query: a slow reader holds no connection.</summary>
    public async IAsyncEnumerable<LogPiece> ReadAsync(string attempt, long from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var pieces = await connections.RunAsync("read a log", (c, t) => FetchAsync(c, attempt, from, t), cancellation).ConfigureAwait(false);
            if (pieces.Count == 0) yield break;
            foreach (var piece in pieces)
            {
                yield return piece;
                from = piece.Offset + piece.Bytes.Length;
            }
        }
    }

    private void Take(Head head, LogAppend append, List<(string, DateOnly, long, ReadOnlyMemory<byte>)> chunks)
    {
        var state = head.State;
        var skip = state.Received - append.Offset;
        if (skip < 0 || skip >= append.Bytes.Length) return;
        var bytes = append.Bytes[(int)skip..];
        // Once a byte was left out nothing is kept behind it: what is kept has no holes.
        var room = state.Stored < state.Received ? 0 : Math.Max(0, connections.Options.MaxLogBytes - state.Stored);
        var kept = (int)Math.Min(room, bytes.Length);
        for (var at = 0; at < kept; at += connections.Options.ChunkBytes)
            chunks.Add((append.Attempt, head.Day, state.Stored + at, bytes.Slice(at, Math.Min(connections.Options.ChunkBytes, kept - at))));
        head.State = state with { Received = state.Received + bytes.Length, Stored = state.Stored + kept };
        head.Changed = true;
    }

    private async Task<Dictionary<string, Head>> LockAsync(NpgsqlConnection connection, IEnumerable<(string Attempt, string TaskUid)> logs, CancellationToken cancellation)
    {
        var wanted = logs.DistinctBy(l => l.Attempt).OrderBy(l => l.Attempt, StringComparer.Ordinal).ToList();
        await using var command = new NpgsqlCommand($"""
            insert into berth.logs (attempt, task_uid, day, received, stored, complete, dropped, updated_at)
              select attempt, uid, $3, 0, 0, false, 0, $4 from unnest($1, $2) as n(attempt, uid) on conflict do nothing;
            """, connection)
        {
            Parameters =
            {
                new() { Value = wanted.Select(l => l.Attempt).ToArray() }, new() { Value = wanted.Select(l => l.TaskUid).ToArray() },
                new() { Value = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) }, new() { Value = Moments.Normal(time.GetUtcNow()) },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await using var select = new NpgsqlCommand($"select {StateColumns}, day from berth.logs where attempt = any($1) order by attempt for update", connection)
        { Parameters = { new() { Value = wanted.Select(l => l.Attempt).ToArray() } } };
        var heads = new Dictionary<string, Head>(StringComparer.Ordinal);
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            heads.Add(reader.GetString(0), new Head { State = ReadState(reader), Day = reader.GetFieldValue<DateOnly>(6) });
        return heads;
    }

    private async Task StoreAsync(NpgsqlConnection connection, List<(string Attempt, DateOnly Day, long Offset, ReadOnlyMemory<byte> Bytes)> chunks, CancellationToken cancellation)
    {
        if (chunks.Count == 0) return;
        await using var copy = await connection.BeginBinaryImportAsync("copy berth.log_chunks (attempt, start_offset, day, size, data) from stdin (format binary)", cancellation).ConfigureAwait(false);
        foreach (var chunk in chunks)
        {
            await copy.StartRowAsync(cancellation).ConfigureAwait(false);
            await copy.TextAsync(chunk.Attempt, cancellation).ConfigureAwait(false);
            await copy.WriteAsync(chunk.Offset, NpgsqlDbType.Bigint, cancellation).ConfigureAwait(false);
            await copy.WriteAsync(chunk.Day, NpgsqlDbType.Date, cancellation).ConfigureAwait(false);
            await copy.WriteAsync(chunk.Bytes.Length, NpgsqlDbType.Integer, cancellation).ConfigureAwait(false);
            await copy.WriteAsync(seal.Close(chunk.Bytes.Span, ChunkSeal.PlaceOf(chunk.Attempt, chunk.Offset)), NpgsqlDbType.Bytea, cancellation).ConfigureAwait(false);
        }
        await copy.CompleteAsync(cancellation).ConfigureAwait(false);
    }

    private async Task UpdateAsync(NpgsqlConnection connection, IEnumerable<Head> heads, CancellationToken cancellation)
    {
        var states = heads.Select(h => h.State).ToList();
        await using var command = new NpgsqlCommand("""
            update berth.logs l set received = n.received, stored = n.stored, complete = n.complete, dropped = n.dropped, updated_at = $6
              from unnest($1, $2, $3, $4, $5) as n(attempt, received, stored, complete, dropped) where l.attempt = n.attempt
            """, connection)
        {
            Parameters =
            {
                new() { Value = states.Select(s => s.Attempt).ToArray() }, new() { Value = states.Select(s => s.Received).ToArray() },
                new() { Value = states.Select(s => s.Stored).ToArray() }, new() { Value = states.Select(s => s.Complete).ToArray() },
                new() { Value = states.Select(s => s.Dropped).ToArray() }, new() { Value = Moments.Normal(time.GetUtcNow()) },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<List<LogPiece>> FetchAsync(NpgsqlConnection connection, string attempt, long from, CancellationToken cancellation)
    {
        // The first of these is the last chunk that begins at or before the offset.
        await using var command = new NpgsqlCommand("""
            select start_offset, data from berth.log_chunks
              where attempt = $1 and start_offset + size > $2 and start_offset >= coalesce((select max(start_offset) from berth.log_chunks where attempt = $1 and start_offset <= $2), 0)
              order by start_offset limit 16
            """, connection)
        { Parameters = { new() { Value = attempt }, new() { Value = from } } };
        var pieces = new List<LogPiece>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var start = reader.GetInt64(0);
            ReadOnlyMemory<byte> bytes = seal.Open(reader.GetFieldValue<byte[]>(1), ChunkSeal.PlaceOf(attempt, start));
            var skip = (int)Math.Max(0, from - start);
            pieces.Add(new LogPiece(start + skip, bytes[skip..]));
        }
        return pieces;
    }

    private static LogState ReadState(NpgsqlDataReader reader) => new()
    {
        Attempt = reader.GetString(0),
        TaskUid = reader.GetString(1),
        Received = reader.GetInt64(2),
        Stored = reader.GetInt64(3),
        Complete = reader.GetBoolean(4),
        Dropped = reader.GetInt64(5),
    };

    private sealed class Head
    {
        public required LogState State { get; set; }
        public required DateOnly Day { get; init; }
        public bool Changed { get; set; }
    }
}
