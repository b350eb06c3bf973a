using Berth.Api;
using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Outbox;

/// <summary>A transition as a row of a binary COPY, in the order of <see cref="OutboxStage.TransitionColumns"/>.</summary>
internal static class TransitionWriting
{
    public static async Task WriteAsync(NpgsqlBinaryImporter to, string uid, OutboxEntry entry, CancellationToken cancellation)
    {
        await to.StartRowAsync(cancellation).ConfigureAwait(false);
        await to.TextAsync(uid, cancellation).ConfigureAwait(false);
        await to.WriteAsync(entry.Seq, NpgsqlDbType.Bigint, cancellation).ConfigureAwait(false);
        await to.TimeAsync(entry.At, cancellation).ConfigureAwait(false);
        await to.WriteAsync(entry.Run, NpgsqlDbType.Integer, cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.From?.ToString(), cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.To.ToString(), cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.Signal, cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.Reason, cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.Message, cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.Actor, cancellation).ConfigureAwait(false);
        await to.TextAsync(entry.Slot, cancellation).ConfigureAwait(false);
        await to.NumberAsync(entry.Attempt, cancellation).ConfigureAwait(false);
        await to.WriteAsync(entry.Epoch, NpgsqlDbType.Bigint, cancellation).ConfigureAwait(false);
    }
}
