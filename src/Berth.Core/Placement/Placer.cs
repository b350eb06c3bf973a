namespace Berth.Core.Placement;

/// <summary>
/// Gives free slots to waiting tasks: approved ones first, then by priority; among equals the workspaces take turns, those that hold
/// fewer slots first, and within a workspace age decides. Each tenth slot goes to the task that waits longest whatever its priority, so
/// that nobody waits for ever. One task that may change a workspace at a time; plan-only ones beside it. The same snapshot gives the
/// same result.
/// </summary>
public static class Placer
{
    /// <summary>Every so many slots, age alone decides.</summary>
    public const int OldestEvery = 10;

    /// <summary>Places as many tasks as fit.</summary>
    public static PlacementResult Place(PlacementSnapshot snapshot)
    {
        var order = TurnOrder.Of(snapshot.Waiting, snapshot.Held);
        var run = new PlacementRun(snapshot, order);
        var byAge = run.MaySkipAhead ? TurnOrder.ByAge(order) : [];
        var oldest = 0;
        foreach (var task in order)
        {
            if (!task.Approved && run.MaySkipAhead)
                while (run.OldestIsNext && oldest < byAge.Length) run.Consider(byAge[oldest++]);
            run.Consider(task);
        }
        return run.Result();
    }

    /// <summary>Uids of the tasks that lack nothing but a slot, in the order in which they get one if slots become free and nothing else changes.</summary>
    public static IReadOnlyList<string> Forecast(PlacementSnapshot snapshot)
    {
        const string anywhere = "anywhere";
        return Place(snapshot with
        {
            Slots = [.. Enumerable.Range(0, snapshot.Waiting.Count).Select(i => new FreeSlot(anywhere, anywhere, i, anywhere, "", 0, true))],
            ApplyBudget = new Dictionary<string, int> { [anywhere] = snapshot.Waiting.Count },
            Displaceable = [],
        }).Served;
    }
}
