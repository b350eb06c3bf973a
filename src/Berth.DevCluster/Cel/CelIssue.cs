using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Cel;

/// <summary>Something wrong with an expression's text, at an offset into it.</summary>
internal sealed record CelIssue(int Offset, string Message)
{
    /// <summary>All issues of an expression, each with the line it is in and a mark below it.</summary>
    public static string Display(string source, IEnumerable<CelIssue> issues) =>
        string.Join('\n', issues.OrderBy(i => i.Offset).Select(i => i.Display(source)));

    private string Display(string source)
    {
        var start = source.AsSpan(0, Math.Min(Offset, source.Length)).LastIndexOf('\n') + 1;
        var line = 1 + source.AsSpan(0, start).Count('\n');
        var end = source.IndexOf('\n', start);
        var text = source[start..(end < 0 ? source.Length : end)].Replace('\t', ' ');
        var mark = new StringBuilder();
        var column = 0;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (start + at >= Offset)
                break;
            mark.Append(rune.Utf8SequenceLength > 1 ? '．' : '.');
            at += rune.Utf16SequenceLength;
            column++;
        }
        var wide = start + at < source.Length && at < text.Length && text[at] > 127;
        return string.Create(CultureInfo.InvariantCulture, $"ERROR: <input>:{line}:{column + 1}: {Message}\n | {text}\n | {mark}{(wide ? '＾' : '^')}");
    }
}

/// <summary>Thrown to leave the parser at the first error.</summary>
internal sealed class CelSyntaxException(CelIssue issue) : Exception(issue.Message)
{
    public CelIssue Issue { get; } = issue;
}
