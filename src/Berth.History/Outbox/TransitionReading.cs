using Berth.Api;
using Npgsql;

namespace Berth.History.Outbox;

/// <summary>A transition as columns, and back.</summary>
internal static class TransitionReading
{
    /// <summary>Every column but the uid, in the order of <see cref="Read"/>.</summary>
    public static string Columns(string alias) =>
        string.Join(", ", ((string[])["seq", "at", "run", "from_phase", "to_phase", "signal", "reason", "message", "actor", "slot", "attempt", "epoch"]).Select(c => alias + "." + c));

    public static OutboxEntry Read(NpgsqlDataReader reader, int first) => new()
    {
        Seq = reader.GetInt64(first),
        At = reader.GetFieldValue<DateTimeOffset>(first + 1),
        Run = reader.GetInt32(first + 2),
        From = reader.IsDBNull(first + 3) ? null : Enum.Parse<TaskPhase>(reader.GetString(first + 3)),
        To = Enum.Parse<TaskPhase>(reader.GetString(first + 4)),
        Signal = reader.GetString(first + 5),
        Reason = reader.GetString(first + 6),
        Message = Text(reader, first + 7),
        Actor = Text(reader, first + 8),
        Slot = Text(reader, first + 9),
        Attempt = reader.IsDBNull(first + 10) ? null : reader.GetInt32(first + 10),
        Epoch = reader.GetInt64(first + 11),
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
