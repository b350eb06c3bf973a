using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Records;

/// <summary>Typed parameters of a row of an upsert; nulls keep their type.</summary>
internal static class RowParameters
{
    public static NpgsqlBatchCommand Text(this NpgsqlBatchCommand row, string? value) => row.Add(value is null ? null : Moments.Storable(value), NpgsqlDbType.Text);

    public static NpgsqlBatchCommand Number(this NpgsqlBatchCommand row, int? value) => row.Add(value, NpgsqlDbType.Integer);

    public static NpgsqlBatchCommand Number(this NpgsqlBatchCommand row, long? value) => row.Add(value, NpgsqlDbType.Bigint);

    public static NpgsqlBatchCommand Fraction(this NpgsqlBatchCommand row, double? value) => row.Add(value, NpgsqlDbType.Double);

    public static NpgsqlBatchCommand Id(this NpgsqlBatchCommand row, Guid value) => row.Add(value, NpgsqlDbType.Uuid);

    public static NpgsqlBatchCommand Json(this NpgsqlBatchCommand row, string? value) => row.Add(value is null ? null : Connection.Json.Storable(value), NpgsqlDbType.Jsonb);

    public static NpgsqlBatchCommand Time(this NpgsqlBatchCommand row, DateTimeOffset? value) => row.Add(Moments.Normal(value), NpgsqlDbType.TimestampTz);

    private static NpgsqlBatchCommand Add(this NpgsqlBatchCommand row, object? value, NpgsqlDbType type)
    {
        row.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        return row;
    }

    /// <summary>Sends all rows in one round trip and one transaction.</summary>
    public static async Task<int> SendAsync(NpgsqlConnection connection, IEnumerable<NpgsqlBatchCommand> rows, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var row in rows) batch.BatchCommands.Add(row);
        return batch.BatchCommands.Count == 0 ? 0 : await batch.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
