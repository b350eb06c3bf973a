using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.Benchmarks.Machinery;

/// <summary>A page of Prometheus text: samples by name and labels.</summary>
internal sealed partial class Scrape
{
    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> _samples = [];

    private Scrape() { }

    public static Scrape Read(string text)
    {
        var page = new Scrape();
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#' || Sample().Match(line) is not { Success: true } m) continue;
            var labels = Label().Matches(m.Groups[2].Value).ToDictionary(l => l.Groups[1].Value, l => l.Groups[2].Value, StringComparer.Ordinal);
            page._samples.Add((m.Groups[1].Value, labels, Number(m.Groups[3].Value)));
        }
        return page;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    /// <summary>The sum of all samples with these labels.</summary>
    public double Sum(string name, params (string Label, string Value)[] wanted) =>
        _samples.Where(s => s.Name == name && wanted.All(w => s.Labels.GetValueOrDefault(w.Label) == w.Value)).Sum(s => s.Value);

    /// <summary>Sums by the value of some labels.</summary>
    public Dictionary<string, double> By(string name, params string[] labels) =>
        _samples.Where(s => s.Name == name).GroupBy(s => string.Join(' ', labels.Select(l => s.Labels.GetValueOrDefault(l, "")).Where(v => v.Length > 0)), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(s => s.Value), StringComparer.Ordinal);

    [GeneratedRegex(@"^([A-Za-z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)")]
    private static partial Regex Sample();

    [GeneratedRegex("""(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)""")]
    private static partial Regex Label();
}
