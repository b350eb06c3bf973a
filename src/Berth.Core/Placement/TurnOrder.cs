namespace Berth.Core.Placement;

/// <summary>The order in which waiting tasks have their turn.</summary>
internal static class TurnOrder
{
    /// <summary>Approved, priority, turn of the workspace, age, uid.</summary>
    public static WaitingTask[] Of(IReadOnlyCollection<WaitingTask> waiting, IReadOnlyDictionary<string, int> held)
    {
        var tasks = waiting.ToArray();
        Array.Sort(tasks, Seniority);
        var turns = new Dictionary<string, int>(StringComparer.Ordinal);
        var ranks = new Rank[tasks.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            var task = tasks[i];
            if (!turns.TryGetValue(task.Workspace, out var turn)) turn = held.GetValueOrDefault(task.Workspace);
            turns[task.Workspace] = turn + 1;
            ranks[i] = new Rank(task.Approved ? 0 : 1, -task.Priority, turn, i);
        }
        Array.Sort(ranks, tasks);
        return tasks;
    }

    /// <summary>The unapproved ones by age alone.</summary>
    public static WaitingTask[] ByAge(WaitingTask[] order)
    {
        var tasks = Array.FindAll(order, static t => !t.Approved);
        Array.Sort(tasks, Age);
        return tasks;
    }

    private static int Seniority(WaitingTask a, WaitingTask b)
    {
        if (a.Approved != b.Approved) return a.Approved ? -1 : 1;
        return a.Priority != b.Priority ? b.Priority.CompareTo(a.Priority) : Age(a, b);
    }

    private static int Age(WaitingTask a, WaitingTask b) =>
        a.QueuedAt != b.QueuedAt ? a.QueuedAt.CompareTo(b.QueuedAt) : string.CompareOrdinal(a.Uid, b.Uid);

    private readonly record struct Rank(int Approved, int Priority, int Turn, int Seniority) : IComparable<Rank>
    {
        public int CompareTo(Rank other)
        {
            if (Approved != other.Approved) return Approved.CompareTo(other.Approved);
            if (Priority != other.Priority) return Priority.CompareTo(other.Priority);
            return Turn != other.Turn ? Turn.CompareTo(other.Turn) : Seniority.CompareTo(other.Seniority);
        }
    }
}
