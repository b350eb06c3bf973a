using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Schema;

/// <summary>Go's duration texts (<c>1h30m</c>), in nanoseconds.</summary>
internal static partial class GoDuration
{
    private static readonly string[] FormatUnits =
        ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];

    private static readonly string[] FormatUnitPrefixes = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];

    private static readonly SearchValues<char> NumberStart = SearchValues.Create("0123456789.");

    /// <summary>Parses what <c>time.ParseDuration</c> accepts.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+"))
            rest = rest[1..];
        if (rest.SequenceEqual("0"))
            return true;
        if (rest.IsEmpty)
            return false;
        var total = BigInteger.Zero;
        while (!rest.IsEmpty)
        {
            if (!TakePart(ref rest, out var part))
                return false;
            total += part;
        }
        total = negative ? -total : total;
        if (total < long.MinValue || total > long.MaxValue)
            return false;
        nanoseconds = (long)total;
        return true;
    }

    /// <summary>The text of a duration as Go prints it.</summary>
    public static string Text(long nanoseconds)
    {
        if (nanoseconds == 0)
            return "0s";
        var magnitude = nanoseconds < 0 ? (ulong)-(nanoseconds + 1) + 1 : (ulong)nanoseconds;
        var sign = nanoseconds < 0 ? "-" : "";
        if (magnitude < 1_000)
            return $"{sign}{magnitude}ns";
        if (magnitude < 1_000_000)
            return sign + Fraction(magnitude, 1_000) + "µs";
        if (magnitude < 1_000_000_000)
            return sign + Fraction(magnitude, 1_000_000) + "ms";
        var minutes = magnitude / 60_000_000_000;
        var text = Fraction(magnitude % 60_000_000_000, 1_000_000_000) + "s";
        if (minutes > 0)
            text = minutes >= 60 ? $"{minutes / 60}h{minutes % 60}m{text}" : $"{minutes}m{text}";
        return sign + text;
    }

    /// <summary>Whether a string satisfies the format <c>duration</c>, which also takes words (<c>3 days</c>).</summary>
    public static bool IsFormat(string text)
    {
        if (TryParse(text, out _))
            return true;
        foreach (Match match in Worded().Matches(text))
        {
            if (!long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                return false;
            var unit = match.Groups[2].Value.ToLowerInvariant();
            if (FormatUnits.Contains(unit, StringComparer.Ordinal) || FormatUnitPrefixes.Any(p => unit.StartsWith(p, StringComparison.Ordinal)))
                return true;
        }
        return false;
    }

    private static string Fraction(ulong value, ulong unit)
    {
        var fraction = value % unit;
        if (fraction == 0)
            return (value / unit).ToString(CultureInfo.InvariantCulture);
        var width = unit.ToString(CultureInfo.InvariantCulture).Length - 1;
        return $"{value / unit}.{fraction.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0').TrimEnd('0')}";
    }

    private static bool TakePart(ref ReadOnlySpan<char> rest, out BigInteger nanoseconds)
    {
        nanoseconds = BigInteger.Zero;
        var whole = rest[..Digits(rest)];
        rest = rest[whole.Length..];
        var fraction = ReadOnlySpan<char>.Empty;
        if (rest.StartsWith("."))
        {
            rest = rest[1..];
            fraction = rest[..Digits(rest)];
            rest = rest[fraction.Length..];
        }
        if (whole.IsEmpty && fraction.IsEmpty)
            return false;
        var unit = Unit(ref rest);
        if (unit == 0)
            return false;
        if (!whole.IsEmpty)
            nanoseconds = BigInteger.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * unit;
        if (!fraction.IsEmpty)
            nanoseconds += BigInteger.Parse(fraction, NumberStyles.None, CultureInfo.InvariantCulture) * unit / BigInteger.Pow(10, fraction.Length);
        return true;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    private static long Unit(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(NumberStart);
        var name = end < 0 ? rest : rest[..end];
        rest = rest[name.Length..];
        return name switch
        {
            "ns" => 1,
            "us" or "µs" or "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => 0,
        };
    }

    [GeneratedRegex(@"([0-9]+)\s*([A-Za-zµ]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Worded();
}
