using System.Globalization;

namespace Berth.Benchmarks;

/// <summary>The options of a benchmark: <c>--name</c> or <c>--name=value</c>.</summary>
internal sealed class BenchmarkOptions(string[] words)
{
    public IReadOnlyList<string> Words => words;

    /// <summary>Small sizes: what a run without names does.</summary>
    public bool IsQuick => words.Contains("--quick") || words.Contains("--small");

    /// <summary>What CI runs: the smallest sizes, and limits that only a regression passes, not a busy machine.</summary>
    public bool IsGates => words.Contains("--gates");

    public bool Has(string option) => words.Contains(option);

    public string? Text(string option) => words.FirstOrDefault(w => w.StartsWith(option + "=", StringComparison.Ordinal))?[(option.Length + 1)..];

    /// <summary>A number; small sizes have a default of their own, and so may the smallest.</summary>
    public int Number(string option, int whole, int quick, int? gates = null) =>
        Text(option) is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : IsGates ? gates ?? quick : IsQuick ? quick : whole;

    public BenchmarkOptions With(string option) => new([.. words, option]);
}
