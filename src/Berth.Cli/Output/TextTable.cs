using System.Text;

namespace Berth.Cli.Output;

/// <summary>Columns as kubectl prints them: upper-case headings, three blanks between.</summary>
internal static class TextTable
{
    private const int Gap = 3;

    public static string Write(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var all = rows.Prepend(headings.Select(h => h.ToUpperInvariant()).ToList()).ToList();
        var widths = Enumerable.Range(0, headings.Count).Select(i => all.Max(r => r[i].Length)).ToList();
        var text = new StringBuilder();
        foreach (var row in all) text.Append(string.Concat(row.Select((cell, i) => cell.PadRight(widths[i] + Gap))).TrimEnd()).Append('\n');
        return text.ToString();
    }
}
