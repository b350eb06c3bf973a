using System.Globalization;
using System.Text;

namespace Berth.Api;

/// <summary>Durations as users write them: <c>90s</c>, <c>10m</c>, <c>1h30m</c>, <c>500ms</c>. No days, no fractions.</summary>
public static class Durations
{
    /// <summary>The pattern that the CRDs carry.</summary>
    public const string Pattern = "^([0-9]{1,9}(h|ms|m|s)){1,4}$";

    /// <summary>The longest text the CRDs allow.</summary>
    public const int MaxLength = 32;

    /// <summary>Parses a duration; false for anything the pattern would refuse or that is longer than 100 years.</summary>
    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength) return false;
        double milliseconds = 0;
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
            if (i == start || i - start > 9 || i == text.Length) return false;
            var number = long.Parse(text.AsSpan(start, i - start), CultureInfo.InvariantCulture);
            double unit;
            if (text[i] == 'h') unit = 3_600_000;
            else if (text[i] == 's') unit = 1_000;
            else if (text[i] == 'm' && i + 1 < text.Length && text[i + 1] == 's') { unit = 1; i++; }
            else if (text[i] == 'm') unit = 60_000;
            else return false;
            i++;
            milliseconds += number * unit;
        }
        if (milliseconds > TimeSpan.FromDays(36_500).TotalMilliseconds) return false;
        value = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>The parsed value, or <paramref name="fallback"/> when the text is missing or malformed.</summary>
    public static TimeSpan Or(string? text, TimeSpan fallback) => TryParse(text, out var value) ? value : fallback;

    /// <summary>The parsed value, or null when the text is missing or malformed.</summary>
    public static TimeSpan? OrNull(string? text) => TryParse(text, out var value) ? value : null;

    /// <summary>For people: at most two units, e.g. <c>1h30m</c>, <c>45s</c>, <c>3d4h</c>.</summary>
    public static string Describe(TimeSpan value)
    {
        if (value < TimeSpan.FromSeconds(1)) return "0s";
        var parts = new (long Count, string Unit)[] { ((long)value.TotalDays, "d"), (value.Hours, "h"), (value.Minutes, "m"), (value.Seconds, "s") };
        var text = new StringBuilder();
        var used = 0;
        foreach (var (count, unit) in parts)
        {
            if (used > 0 && count == 0) break;
            if (count == 0) continue;
            text.Append(count.ToString(CultureInfo.InvariantCulture)).Append(unit);
            if (++used == 2) break;
        }
        return text.ToString();
    }
}
