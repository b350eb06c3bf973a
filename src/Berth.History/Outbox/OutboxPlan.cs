using Berth.Api;

namespace Berth.History.Outbox;

/// <summary>A call's batches, put in order: one per task (the newest status), each number once. Pure.</summary>
internal sealed class OutboxPlan
{
    private OutboxPlan(IReadOnlyList<PlannedTask> tasks, List<TransitionDifference> differences)
    {
        Tasks = tasks;
        Differences = differences;
    }

    /// <summary>Tasks by uid, ascending: every writer locks in this order.</summary>
    public IReadOnlyList<PlannedTask> Tasks { get; }

    /// <summary>Entries that contradict each other within the call; the first one counts.</summary>
    public List<TransitionDifference> Differences { get; }

    public static OutboxPlan Of(IReadOnlyList<TransitionBatch> batches)
    {
        var tasks = new SortedDictionary<string, PlannedTask>(StringComparer.Ordinal);
        var differences = new List<TransitionDifference>();
        foreach (var batch in batches)
        {
            if (batch.Task.Uid.Length == 0) throw new ArgumentException("A batch has no task uid.", nameof(batches));
            if (!tasks.TryGetValue(batch.Task.Uid, out var task)) tasks.Add(batch.Task.Uid, task = new PlannedTask(batch.Task));
            task.Add(batch, differences);
        }
        return new OutboxPlan([.. tasks.Values], differences);
    }
}

/// <summary>One task of a call.</summary>
internal sealed class PlannedTask(TaskRecord record)
{
    public TaskRecord Record { get; private set; } = record;
    public SortedDictionary<long, OutboxEntry> Entries { get; } = [];

    /// <summary>What the sender was told before.</summary>
    public long Told { get; private set; }

    /// <summary>From the database: everything up to here is stored.</summary>
    public long Acknowledged { get; set; }

    /// <summary>From the database: the highest number stored.</summary>
    public long MaxSeq { get; set; }

    /// <summary>Numbers that were stored before this call, above <see cref="Acknowledged"/>.</summary>
    public HashSet<long> Beyond { get; } = [];

    /// <summary>Whether some entries may be stored already.</summary>
    public bool MayRepeat => Entries.Count > 0 && Entries.Keys.First() <= MaxSeq;

    public void Add(TransitionBatch batch, List<TransitionDifference> differences)
    {
        if (batch.Task.Status.History.Seq > Record.Status.History.Seq) Record = batch.Task;
        Told = Math.Max(Told, batch.Acknowledged);
        foreach (var given in batch.Entries)
        {
            if (given.Seq < 1) throw new ArgumentException($"Task {Record.Uid}: numbers begin at 1, not {given.Seq}.", nameof(batch));
            var entry = Normal(given);
            if (Entries.TryAdd(entry.Seq, entry) || Entries[entry.Seq] == entry) continue;
            differences.Add(new TransitionDifference { Uid = Record.Uid, Seq = entry.Seq, Stored = Entries[entry.Seq], Offered = entry });
        }
    }

    /// <summary>Where the unbroken row of numbers ends once the entries are stored; ranges that are lost are stepped over and returned.</summary>
    public (long Acknowledged, List<TransitionLoss> Lost) Reach()
    {
        var lost = new List<TransitionLoss>();
        var reached = Acknowledged;
        foreach (var seq in Entries.Keys.Concat(Beyond).Where(s => s > Acknowledged).Distinct().Order())
        {
            if (seq > reached + 1)
            {
                if (Told < seq - 1) break;
                lost.Add(new TransitionLoss { Uid = Record.Uid, From = reached + 1, To = seq - 1 });
            }
            reached = seq;
        }
        if (Told > reached && !Entries.Keys.Concat(Beyond).Any(s => s > reached))
        {
            lost.Add(new TransitionLoss { Uid = Record.Uid, From = reached + 1, To = Told });
            reached = Told;
        }
        return (reached, lost);
    }

    // As the database will give it back: UTC and whole microseconds.
    private static OutboxEntry Normal(OutboxEntry entry) =>
        entry with { At = Moments.Normal(entry.At), Message = Text(entry.Message), Actor = Text(entry.Actor), Slot = Text(entry.Slot), Signal = Moments.Storable(entry.Signal), Reason = Moments.Storable(entry.Reason) };

    private static string? Text(string? text) => text is null ? null : Moments.Storable(text);
}
