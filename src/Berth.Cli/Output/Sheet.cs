using System.Text;

namespace Berth.Cli.Output;

/// <summary>Labels with their values, one below the other; what is not known is left out.</summary>
internal sealed class Sheet
{
    private const int Width = 14;
    private readonly StringBuilder text = new();

    public Sheet Line(string label, string? value)
    {
        if (!string.IsNullOrEmpty(value)) text.Append(label.PadRight(Width)).Append(value.ReplaceLineEndings("\n" + new string(' ', Width))).Append('\n');
        return this;
    }

    public Sheet Line(string label, DateTimeOffset? at) => Line(label, at is { } moment ? Ages.Moment(moment) : null);

    public Sheet Heading(string heading)
    {
        text.Append('\n').Append(Paint.Bold(heading)).Append('\n');
        return this;
    }

    public Sheet Block(string block)
    {
        text.Append(block);
        return this;
    }

    public override string ToString() => text.ToString();
}
