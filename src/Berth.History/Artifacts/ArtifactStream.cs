using System.Security.Cryptography;
using Berth.Api;
using Berth.History.Bytes;
using Berth.History.Connection;
using Npgsql;

namespace Berth.History.Artifacts;

/// <summary>Reads an artifact chunk by chunk; no connection is held between reads. The last read verifies size and digest.</summary>
internal sealed class ArtifactStream(HistoryConnections connections, ChunkSeal seal, string digest, Guid blob, long size, int chunks) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private ReadOnlyMemory<byte> current;
    private int next;
    private long position;
    private bool verified;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => size;
    public override long Position { get => position; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0) return 0;
        while (current.Length == 0 && next < chunks)
        {
            current = await connections.RunAsync("read a chunk", FetchAsync, cancellationToken).ConfigureAwait(false);
            hash.AppendData(current.Span);
            next++;
        }
        if (current.Length == 0)
        {
            Verify();
            return 0;
        }
        var count = Math.Min(buffer.Length, current.Length);
        current[..count].CopyTo(buffer);
        current = current[count..];
        position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select data from berth.artifact_chunks where blob = $1 and number = $2", connection)
        { Parameters = { new() { Value = blob }, new() { Value = next } } };
        if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not byte[] data)
            throw new ArtifactMismatchException($"Artifact {digest}: chunk {next} of {chunks} is gone from the database.");
        return seal.Open(data, ChunkSeal.PlaceOf(blob, next));
    }

    private void Verify()
    {
        if (verified) return;
        var found = Digests.Format(hash.GetHashAndReset());
        if (position != size || found != digest) throw new ArtifactMismatchException($"Artifact {digest}: the stored bytes have digest {found}; they were damaged or changed in the database.");
        verified = true;
    }
}
