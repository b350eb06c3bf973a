using System.Security.Cryptography;
using Berth.Api;
using Berth.History.Bytes;
using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Artifacts;

/// <summary>
/// Bytes by digest. Chunks are written as they come, each in its own transaction, under an id of their own: a slow sender holds neither a
/// connection nor a lock. The digest is entered last; of two equal uploads the second one's chunks are dropped, unless the first one's are
/// damaged: then it takes their place. Chunks without a digest are swept a day later.
/// </summary>
internal sealed class ArtifactStore(HistoryConnections connections, TimeProvider time)
{
    private readonly ChunkSeal seal = new(connections.Options.Keys);

    public Task<bool> PutAsync(Stream content, ArtifactLink link, CancellationToken cancellation) =>
        PutAsync(content, link, (connection, token) => LinkAsync(connection, link, token), cancellation);

    /// <summary>Stores bytes; <paramref name="refer"/> runs in the transaction that makes them visible and must refer to them.</summary>
    public async Task<bool> PutAsync(Stream content, ArtifactLink link, Func<NpgsqlConnection, CancellationToken, Task> refer, CancellationToken cancellation)
    {
        if (!Digests.IsValid(link.Digest)) throw new ArgumentException($"'{link.Digest}' is not a digest of the form sha256:….", nameof(link));
        if (link.Size > connections.Options.MaxArtifactBytes)
            throw new ArtifactMismatchException($"{link.Path}: {link.Size} bytes are more than the {connections.Options.MaxArtifactBytes} that an artifact may have.");
        var blob = Guid.CreateVersion7(time.GetUtcNow());
        var (chunks, stored) = await StreamAsync(content, link, blob, cancellation).ConfigureAwait(false);
        var damaged = await DamagedAsync(link.Digest, cancellation).ConfigureAwait(false);
        return await connections.TransactAsync("store an artifact", async (connection, token) =>
        {
            var isNew = await EnterAsync(connection, link, blob, chunks, stored, damaged, token).ConfigureAwait(false);
            if ((isNew ? damaged : blob) is { } unused) await DropAsync(connection, unused, token).ConfigureAwait(false);
            await refer(connection, token).ConfigureAwait(false);
            return isNew;
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Links bytes that are stored already; false if they are not.</summary>
    public Task<bool> LinkAsync(ArtifactLink link, CancellationToken cancellation) =>
        connections.TransactAsync("link an artifact", async (connection, token) =>
        {
            // The share lock keeps a cleanup from taking the bytes between this look and the link.
            await using var command = new NpgsqlCommand("select size from berth.artifacts where digest = $1 for share", connection) { Parameters = { new() { Value = link.Digest } } };
            if (await command.ExecuteScalarAsync(token).ConfigureAwait(false) is not long size) return false;
            await LinkAsync(connection, link with { Size = size }, token).ConfigureAwait(false);
            return true;
        }, cancellation);

    public Task<IReadOnlySet<string>> HasAsync(IReadOnlyCollection<string> digests, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlySet<string>>("look for artifacts", async (connection, token) =>
        {
            var found = new HashSet<string>(StringComparer.Ordinal);
            await using var command = new NpgsqlCommand("select digest from berth.artifacts where digest = any($1)", connection) { Parameters = { new() { Value = digests.ToArray() } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            while (await reader.ReadAsync(token).ConfigureAwait(false)) found.Add(reader.GetString(0));
            return found;
        }, cancellation);

    public async Task<Stream?> OpenAsync(string digest, CancellationToken cancellation) => (await FindAsync(digest, cancellation).ConfigureAwait(false)).Bytes;

    /// <summary>The blob of stored bytes that are not what their digest says; null if they are, or if there are none.</summary>
    private async Task<Guid?> DamagedAsync(string digest, CancellationToken cancellation)
    {
        var (blob, bytes) = await FindAsync(digest, cancellation).ConfigureAwait(false);
        if (bytes is null) return null;
        await using (bytes)
        {
            try
            {
                await bytes.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
                return null;
            }
            catch (Exception e) when (e is ArtifactMismatchException or HistoryUnavailableException { Reason: HistoryUnavailableReason.KeyMissing })
            {
                return blob; // nobody can read it
            }
        }
    }

    private Task<(Guid Blob, Stream? Bytes)> FindAsync(string digest, CancellationToken cancellation) =>
        connections.RunAsync<(Guid, Stream?)>("open an artifact", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("select blob, size, chunks from berth.artifacts where digest = $1", connection) { Parameters = { new() { Value = digest } } };
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            if (!await reader.ReadAsync(token).ConfigureAwait(false)) return default;
            return (reader.GetGuid(0), new ArtifactStream(connections, seal, digest, reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2)));
        }, cancellation);

    private async Task<(int Chunks, long Stored)> StreamAsync(Stream content, ArtifactLink link, Guid blob, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[connections.Options.ChunkBytes];
        var (chunks, stored, size) = (0, 0L, 0L);
        try
        {
            while (true)
            {
                var read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
                if (read == 0) break;
                size += read;
                if (size > link.Size) break;
                hash.AppendData(buffer, 0, read);
                var data = seal.Close(buffer.AsSpan(0, read), ChunkSeal.PlaceOf(blob, chunks));
                await connections.RunAsync("store a chunk", (c, t) => AppendAsync(c, blob, chunks, data, t), cancellation).ConfigureAwait(false);
                chunks++;
                stored += data.Length;
            }
            var digest = Digests.Format(hash.GetHashAndReset());
            if (size != link.Size) throw new ArtifactMismatchException($"{link.Path}: {(size > link.Size ? "more" : "only " + size)} bytes came where {link.Size} were promised.");
            if (digest != link.Digest) throw new ArtifactMismatchException($"{link.Path}: the bytes have digest {digest}, promised was {link.Digest}.");
            return (chunks, stored);
        }
        catch (ArtifactMismatchException) when (chunks > 0)
        {
            await connections.RunAsync("drop a refused upload", (c, t) => DropAsync(c, blob, t), cancellation).ConfigureAwait(false);
            throw;
        }
    }

    private async Task AppendAsync(NpgsqlConnection connection, Guid blob, int number, byte[] data, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("insert into berth.artifact_chunks (blob, number, created_at, data) values ($1, $2, $3, $4) on conflict do nothing", connection)
        { Parameters = { new() { Value = blob }, new() { Value = number }, new() { Value = Moments.Normal(time.GetUtcNow()) }, new() { Value = data } } };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<bool> EnterAsync(NpgsqlConnection connection, ArtifactLink link, Guid blob, int chunks, long stored, Guid? damaged, CancellationToken cancellation)
    {
        // A conflict takes the place of what is damaged and nothing else, but locks the row in any case, so that a cleanup cannot take the
        // bytes before the link is there.
        await using var command = new NpgsqlCommand("""
            insert into berth.artifacts as a (digest, blob, size, stored_size, chunks, created_at) values ($1, $2, $3, $4, $5, $6)
              on conflict (digest) do update set
                blob = case when a.blob = $7 then excluded.blob else a.blob end,
                chunks = case when a.blob = $7 then excluded.chunks else a.chunks end,
                stored_size = case when a.blob = $7 then excluded.stored_size else a.stored_size end
              returning blob
            """, connection)
        {
            Parameters =
            {
                new() { Value = link.Digest }, new() { Value = blob }, new() { Value = link.Size }, new() { Value = stored }, new() { Value = chunks },
                new() { Value = Moments.Normal(time.GetUtcNow()) }, new() { Value = (object?)damaged ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
            },
        };
        return (Guid)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))! == blob;
    }

    private static async Task DropAsync(NpgsqlConnection connection, Guid blob, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("delete from berth.artifact_chunks where blob = $1", connection) { Parameters = { new() { Value = blob } } };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private async Task LinkAsync(NpgsqlConnection connection, ArtifactLink link, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            insert into berth.artifact_links (task_uid, attempt, kind, path, digest, size, created_at) values ($1, $2, $3, $4, $5, $6, $7)
              on conflict (attempt, kind, path) do update set digest = excluded.digest, size = excluded.size
            """, connection)
        {
            Parameters =
            {
                new() { Value = link.TaskUid }, new() { Value = link.Attempt }, new() { Value = link.Kind }, new() { Value = link.Path }, new() { Value = link.Digest },
                new() { Value = link.Size }, new() { Value = Moments.Normal(time.GetUtcNow()), NpgsqlDbType = NpgsqlDbType.TimestampTz },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
