using System.Text;

namespace Berth.Cli.Dev.Generate;

/// <summary>
/// The chart's values as a table: every key of values.yaml with a comment above it is a row, with its default and that comment. A key
/// without a comment, or whose keys have comments, is a section.
/// </summary>
internal static class ValuesTable
{
    private const string Begin = "<!-- Written by ./dev generate from values.yaml; change it there. -->";
    private const string End = "<!-- End of the values. -->";

    /// <summary>The page with its table as values.yaml has it now.</summary>
    /// <exception cref="DevException">The page lacks the marks that the table stands between.</exception>
    public static string Into(string page, IReadOnlyList<string> values)
    {
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin) throw new DevException($"the chart's README.md lacks the line '{Begin}' or '{End}'");
        return page[..(begin + Begin.Length)] + "\n\n" + Write(values) + "\n" + page[end..];
    }

    private static string Write(IReadOnlyList<string> lines)
    {
        var text = new StringBuilder("| value | default | meaning |\n| --- | --- | --- |\n");
        var sections = new Stack<(int Indent, string Name)>();
        var comment = "";
        var inside = int.MaxValue;
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            var indent = line.Length - line.TrimStart().Length;
            if (line.Trim().Length == 0) comment = "";
            // What lies deeper than a row is its default.
            else if (indent > inside) continue;
            else if (line.TrimStart().StartsWith('#')) comment = (comment + " " + line.Trim(' ', '#')).Trim();
            else if (line.Split(':', 2) is [var key, var value])
            {
                while (sections.TryPeek(out var top) && top.Indent >= indent) sections.Pop();
                // A section may have a comment of its own; its keys then have theirs.
                var section = comment.Length == 0 || (value.Trim().Length == 0 && i + 1 < lines.Count && lines[i + 1].TrimStart().StartsWith('#') && lines[i + 1].Length - lines[i + 1].TrimStart().Length > indent);
                inside = section ? int.MaxValue : indent;
                if (section) sections.Push((indent, key.Trim()));
                else text.Append("| `").AppendJoin('.', sections.Reverse().Select(s => s.Name).Append(key.Trim())).Append("` | ").Append(Default(value.Trim())).Append(" | ").Append(Cell(comment)).Append(" |\n");
                comment = "";
            }
        }
        return text.ToString();
    }

    private static string Default(string value) => value.Length == 0 ? "see `values.yaml`" : $"`{value}`";

    private static string Cell(string comment) => comment.Replace("|", "\\|", StringComparison.Ordinal);
}
