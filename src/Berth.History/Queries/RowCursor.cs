using Npgsql;

namespace Berth.History.Queries;

/// <summary>Reads a row column by column, in the order in which they were asked for.</summary>
internal sealed class RowCursor(NpgsqlDataReader reader)
{
    private int next;

    /// <summary>Goes to the next row, and to its first column.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken cancellation)
    {
        next = 0;
        return await reader.ReadAsync(cancellation).ConfigureAwait(false);
    }

    public string Text() => reader.GetString(next++);

    public string? TextOrNull() => IsNull() ? null : Text();

    public int Int() => reader.GetInt32(next++);

    public int? IntOrNull() => IsNull() ? null : Int();

    public long Long() => reader.GetInt64(next++);

    public long? LongOrNull() => IsNull() ? null : Long();

    public double? DoubleOrNull() => IsNull() ? null : reader.GetDouble(next++);

    public bool Bool() => reader.GetBoolean(next++);

    public Guid Id() => reader.GetGuid(next++);

    public DateTimeOffset Time() => reader.GetFieldValue<DateTimeOffset>(next++);

    public DateTimeOffset? TimeOrNull() => IsNull() ? null : Time();

    private bool IsNull()
    {
        if (!reader.IsDBNull(next)) return false;
        next++;
        return true;
    }
}
