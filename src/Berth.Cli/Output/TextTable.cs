using System.Text;

namespace Berth.Cli.Output;

/// <summary>Columns as kubectl prints them: upper-case headings, three blanks between.</summary>
internal static class TextTable
{
    private const int Gap = 3;

    public static string Write(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows) => Write(headings, rows, Widths(headings, rows));

    /// <summary>The widths that a table needs, to print later rows below it.</summary>
    public static IReadOnlyList<int> Widths(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows) =>
        Enumerable.Range(0, headings.Count).Select(i => rows.Select(r => r[i].Length).Append(headings[i].Length).Max()).ToList();

    public static string Write(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, IReadOnlyList<int> widths)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(headings.Select(h => h.ToUpperInvariant()).ToList())) text.Append(Row(row, widths));
        return text.ToString();
    }

    public static string Row(IReadOnlyList<string> cells, IReadOnlyList<int> widths) =>
        string.Concat(cells.Select((cell, i) => Coloured(cell).PadRight(widths[i] + Gap + Coloured(cell).Length - cell.Length))).TrimEnd() + "\n";

    // The words that people look for. Cells are padded by what is seen of them.
    private static string Coloured(string cell) => cell switch
    {
        "Succeeded" or "True" or "ok" => Paint.Good(cell),
        "ApplyPending" or "AwaitingApproval" or "warning" => Paint.Warn(cell),
        "Failed" or "DeadLettered" or "ApplyLost" or "Expired" or "False" or "bad" => Paint.Bad(cell),
        _ => cell,
    };
}
