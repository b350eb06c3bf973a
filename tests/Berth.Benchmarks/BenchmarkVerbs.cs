using Berth.Benchmarks.History;
using Berth.Benchmarks.Placement;
using Berth.Benchmarks.Runtime;

namespace Berth.Benchmarks;

/// <summary>The benchmarks by name. A benchmark gets the options of the command line and returns 0 when all its gates hold.</summary>
internal static class BenchmarkVerbs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } = new SortedDictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
    {
        ["history"] = HistoryBenchmark.RunAsync,
        ["placement"] = PlacementBenchmark.RunAsync,
        ["runtime"] = RuntimeBenchmark.RunAsync,
    };

    /// <summary>Processes that a benchmark starts for itself.</summary>
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> Internal { get; } = new Dictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
    {
        ["serve-cluster"] = ServedCluster.ServeAsync,
    };
}
