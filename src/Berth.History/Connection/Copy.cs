using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Connection;

/// <summary>Nullable columns of a binary COPY.</summary>
internal static class Copy
{
    public static Task TextAsync(this NpgsqlBinaryImporter to, string? text, CancellationToken cancellation) =>
        text is null ? to.WriteNullAsync(cancellation) : to.WriteAsync(Moments.Storable(text), NpgsqlDbType.Text, cancellation);

    public static Task TimeAsync(this NpgsqlBinaryImporter to, DateTimeOffset? at, CancellationToken cancellation) =>
        at is { } value ? to.WriteAsync(Moments.Normal(value), NpgsqlDbType.TimestampTz, cancellation) : to.WriteNullAsync(cancellation);

    public static Task NumberAsync(this NpgsqlBinaryImporter to, int? number, CancellationToken cancellation) =>
        number is { } value ? to.WriteAsync(value, NpgsqlDbType.Integer, cancellation) : to.WriteNullAsync(cancellation);
}
