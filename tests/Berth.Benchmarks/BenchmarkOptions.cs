using System.Globalization;

namespace Berth.Benchmarks;

/// <summary>The options of a benchmark: <c>--name</c> or <c>--name=value</c>.</summary>
internal sealed class BenchmarkOptions(string[] words)
{
    public IReadOnlyList<string> Words => words;

    /// <summary>Small sizes: what a run without names does.</summary>
    public bool IsQuick => words.Contains("--quick") || words.Contains("--small");

    public bool Has(string option) => words.Contains(option);

    public string? Text(string option) => words.FirstOrDefault(w => w.StartsWith(option + "=", StringComparison.Ordinal))?[(option.Length + 1)..];

    /// <summary>A number; small sizes have a default of their own.</summary>
    public int Number(string option, int whole, int quick) => Text(option) is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : IsQuick ? quick : whole;

    public BenchmarkOptions With(string option) => new([.. words, option]);
}
