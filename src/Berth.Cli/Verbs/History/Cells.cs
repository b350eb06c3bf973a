using Berth.Cli.Output;

namespace Berth.Cli.Verbs.History;

/// <summary>Rows of text under headings, for people or for a spreadsheet.</summary>
internal sealed record Cells(IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public string ToText() => Rows.Count == 0 ? "None.\n" : TextTable.Write(Headings, Rows);

    /// <summary>RFC 4180; what a spreadsheet would take for a formula is made text.</summary>
    public string ToCsv() => string.Concat(Rows.Prepend(Headings).Select(row => string.Join(',', row.Select(Quote)) + "\r\n"));

    private static string Quote(string cell)
    {
        var safe = cell is ['=' or '+' or '-' or '@', ..] ? "'" + cell : cell;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
