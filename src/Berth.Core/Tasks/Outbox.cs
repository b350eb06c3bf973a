using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>The outbox in a task's status: every entry not yet in the database, and the last eight.</summary>
public static class Outbox
{
    /// <summary>With this many unacknowledged entries nothing new is started or resumed; forced moves still fit.</summary>
    public const int SoftBound = 32;

    /// <summary>
    /// Most entries that are ever kept: what may still be forced once nothing new is started fits between the soft bound and this one, as a run
    /// loses at most so many slots and nothing is taken, begun or requeued meanwhile.
    /// </summary>
    public const int HardBound = 64;

    /// <summary>How many acknowledged entries stay for people to see.</summary>
    public const int KeepAcknowledged = 8;

    /// <summary>Entries that the database does not have.</summary>
    public static IEnumerable<OutboxEntry> Unacknowledged(OutboxStatus outbox) => outbox.Entries.Where(e => e.Seq > outbox.Acknowledged);

    /// <summary>Whether voluntary moves have to wait for the database.</summary>
    public static bool IsFull(OutboxStatus outbox) => outbox.Seq - outbox.Acknowledged >= SoftBound;

    /// <summary>Appends an entry; its number is set here.</summary>
    public static OutboxStatus Append(OutboxStatus outbox, OutboxEntry entry)
    {
        var numbered = entry with { Seq = outbox.Seq + 1, At = Microseconds(entry.At) };
        var entries = outbox.Entries.Append(numbered).ToList();
        return Trim(outbox with { Seq = numbered.Seq, Entries = entries });
    }

    /// <summary>Notes that everything up to <paramref name="seq"/> is in the database.</summary>
    public static OutboxStatus Acknowledge(OutboxStatus outbox, long seq) =>
        seq <= outbox.Acknowledged ? outbox : Trim(outbox with { Acknowledged = Math.Min(seq, outbox.Seq) });

    private static OutboxStatus Trim(OutboxStatus outbox)
    {
        var keepFrom = Math.Min(outbox.Acknowledged + 1, outbox.Seq - KeepAcknowledged + 1);
        return outbox.Entries.Count > 0 && outbox.Entries[0].Seq < keepFrom
            ? outbox with { Entries = outbox.Entries.Where(e => e.Seq >= keepFrom).ToList() }
            : outbox;
    }

    private static DateTimeOffset Microseconds(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
