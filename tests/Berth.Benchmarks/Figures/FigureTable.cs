using System.Globalization;
using System.Text.Json;

namespace Berth.Benchmarks;

/// <summary>All figures of a run; printed as one table at its end.</summary>
internal static class FigureTable
{
    private static readonly List<Figure> Rows = [];

    public static void Add(IEnumerable<Figure> figures)
    {
        lock (Rows) Rows.AddRange(figures);
    }

    /// <summary>Prints everything; the number of gates that do not hold.</summary>
    public static int Print(string? jsonFile)
    {
        List<string[]> lines = [["benchmark", "figure", "measured", "peer", "", "ratio", "limit", ""]];
        foreach (var row in Rows)
            lines.Add([row.Benchmark, row.What, Text(row.Value, row.Unit), row.Peer ?? "", row.PeerValue is { } peer ? Text(peer, row.Unit) : "", row.Ratio is { } ratio ? Text(ratio, "×") : "", row.Limit ?? "", Verdict(row)]);
        var widths = Enumerable.Range(0, 8).Select(c => lines.Max(l => l[c].Length)).ToArray();
        bool[] right = [false, false, true, false, true, true, false, false];
        Console.WriteLine();
        foreach (var line in lines) Console.WriteLine(string.Join("  ", line.Select((cell, c) => right[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
        if (jsonFile is not null) File.WriteAllText(jsonFile, JsonSerializer.Serialize(Rows, FiguresJson.Default.ListFigure) + "\n");
        var missed = Rows.Count(static r => r is { IsGate: true, Holds: false });
        Console.WriteLine(missed == 0 ? $"\n{Rows.Count(static r => r.IsGate)} gates hold." : $"\n{missed} of {Rows.Count(static r => r.IsGate)} gates do not hold.");
        return missed;
    }

    public static string Text(double value, string unit) =>
        value.ToString(Math.Abs(value) >= 100 || value == Math.Truncate(value) ? "0" : Math.Abs(value) < 0.1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture) + (unit.Length > 0 ? " " + unit : "");

    private static string Verdict(Figure row) => (row.Holds, row.IsGate) switch
    {
        (null, _) => "",
        (true, _) => "holds",
        (false, true) => "FAILS",
        _ => "missed (a goal)",
    };
}
