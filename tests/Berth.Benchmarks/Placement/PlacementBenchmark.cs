using System.Diagnostics;
using System.Globalization;
using Berth.Core.Placement;

namespace Berth.Benchmarks.Placement;

/// <summary>
/// How long one run of placement takes with 10 000 waiting tasks and 1 000 free slots, when nothing is free, and beside a tenth of both: what is
/// looked at twice for each task would show there.
/// </summary>
internal static class PlacementBenchmark
{
    private const int Tasks = 10_000;
    private const int Slots = 1_000;
    private const int Rounds = 40;

    public static Task<int> RunAsync(string[] words)
    {
        var gates = new Gates($"Placement of {Tasks} waiting tasks, {Rounds} rounds");
        // A build without optimization, as CI has it, is held to the ratio alone.
        double? bound = new BenchmarkOptions(words).IsGates ? null : 50;
        var tenth = Measure(gates, "a tenth of tasks and slots", Snapshot(Tasks / 10, Slots / 10, Tasks / 10), bound);
        var whole = Measure(gates, "1 000 free slots", Snapshot(Tasks, Slots, Tasks), bound);
        gates.Times("1 000 free slots: processor time of a run", whole, "ms", "a tenth of tasks and slots", tenth, 30);
        Measure(gates, "1 000 free slots, 500 workspaces", Snapshot(Tasks, Slots, 500), bound);
        Measure(gates, "nothing free", Snapshot(Tasks, 0, Tasks), bound);
        return Task.FromResult(gates.Report());
    }

    private static double Measure(Gates gates, string what, PlacementSnapshot snapshot, double? bound)
    {
        var offers = 0;
        var times = new List<double>(Rounds);
        var processor = TimeSpan.Zero;
        for (var round = -20; round < Rounds; round++)
        {
            if (round == 0) processor = Environment.CpuUsage.TotalTime;
            var begun = Stopwatch.GetTimestamp();
            offers = Placer.Place(snapshot).Offers.Count;
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        // Others may use the machine as well: the bound is on what a run costs, not on how long it had to wait.
        var each = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / Rounds;
        if (bound is { } most) gates.Below($"{what}: processor time of a run", each, most, "ms");
        times.Sort();
        gates.Note($"{what}: median", times[Rounds / 2], "ms");
        gates.Note($"{what}: slowest", times[^1], "ms");
        gates.Note($"{what}: placed", offers, "");
        return each;
    }

    private static PlacementSnapshot Snapshot(int tasks, int slots, int workspaces)
    {
        var dice = new Random(7);
        return new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [.. Enumerable.Range(0, slots).Select(i => new FreeSlot(Name("p", i / 3), Name("uid", i / 3), i % 3, Name("n", i / 30), "boot", 1, true))],
            Waiting = [.. Enumerable.Range(0, tasks).Select(i => new WaitingTask
            {
                Name = Name("t", i),
                Uid = Guid.NewGuid().ToString(),
                Workspace = Name("w", dice.Next(workspaces)),
                Priority = dice.Next(5),
                QueuedAt = DateTimeOffset.UnixEpoch.AddSeconds(dice.Next(100_000)),
                ApplyCapable = dice.Next(4) > 0,
            })],
            ApplyBudget = Enumerable.Range(0, slots / 3 + 1).ToDictionary(i => Name("uid", i), _ => 2),
            Workspaces = new Dictionary<string, WorkspaceHolder>(),
        };
    }

    private static string Name(string prefix, int number) => prefix + number.ToString(CultureInfo.InvariantCulture);
}
