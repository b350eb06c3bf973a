using System.Globalization;
using System.Text;

namespace Berth.Operator.Telemetry.Exposition;

/// <summary>Names of instruments and labels by the rules of Prometheus: base units as words, counters with <c>_total</c>.</summary>
internal static class PrometheusNames
{
    /// <summary>The unit as a word; empty where a count or a ratio has none.</summary>
    public static string Unit(string unit) => unit switch
    {
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        _ => "",
    };

    /// <summary>The family's name, with its unit and without <c>_total</c>.</summary>
    public static string Family(string instrument, string unit, FamilyKind kind)
    {
        var name = Clean(instrument);
        if (kind == FamilyKind.Counter && name.EndsWith("_total", StringComparison.Ordinal)) name = name[..^"_total".Length];
        var word = Unit(unit);
        return word.Length == 0 || name.EndsWith("_" + word, StringComparison.Ordinal) ? name : $"{name}_{word}";
    }

    /// <summary>Labels as they are printed, without braces.</summary>
    public static string Labels(IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (text.Length > 0) text.Append(',');
            text.Append(Clean(key)).Append("=\"").Append(Escape(Text(value), quotes: true)).Append('"');
        }
        return text.ToString();
    }

    /// <summary>Text with line breaks and backslashes escaped.</summary>
    public static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    /// <summary>A number as Prometheus reads it.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Text(object? value) => value is bool holds ? (holds ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string Clean(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name) text.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_');
        if (text.Length > 0 && char.IsAsciiDigit(text[0])) text.Insert(0, '_');
        return text.ToString();
    }
}
