using Berth.Benchmarks.AgentCost;
using Berth.Benchmarks.Agents;
using Berth.Benchmarks.Burst;
using Berth.Benchmarks.History;
using Berth.Benchmarks.Placement;
using Berth.Benchmarks.Recovery;
using Berth.Benchmarks.Runtime;
using Berth.Benchmarks.Scale;
using Berth.Benchmarks.Start;

namespace Berth.Benchmarks;

/// <summary>The benchmarks by name. A benchmark gets the options of the command line and returns 0 when all its gates hold.</summary>
internal static class BenchmarkVerbs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } = new SortedDictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
    {
        ["agent"] = AgentBenchmark.RunAsync,
        ["agents"] = AgentsBenchmark.RunAsync,
        ["burst"] = BurstBenchmark.RunAsync,
        ["history"] = HistoryBenchmark.RunAsync,
        ["placement"] = PlacementBenchmark.RunAsync,
        ["recovery"] = RecoveryBenchmark.RunAsync,
        ["runtime"] = RuntimeBenchmark.RunAsync,
        ["scale"] = ScaleBenchmark.RunAsync,
        ["start"] = StartBenchmark.RunAsync,
    };

    /// <summary>What a run without names does, in this order.</summary>
    public static IReadOnlyList<string> Quick { get; } = ["runtime", "start", "agent", "recovery", "burst", "scale"];

    /// <summary>What CI runs with <c>--gates</c>.</summary>
    public static IReadOnlyList<string> Gates { get; } = ["placement", "agent", "start", "burst", "scale"];

    /// <summary>Processes that a benchmark starts for itself.</summary>
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> Internal { get; } = new Dictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
    {
        ["serve-cluster"] = ServedCluster.ServeAsync,
    };

    public static int Refuse(string problem)
    {
        Console.Error.WriteLine(problem);
        return 2;
    }
}
