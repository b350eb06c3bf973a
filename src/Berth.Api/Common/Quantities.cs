using System.Globalization;

namespace Berth.Api;

/// <summary>Bytes as Kubernetes writes them: <c>10Gi</c>, <c>500Mi</c>, <c>2G</c>, <c>1048576</c>. Whole numbers only.</summary>
public static class Quantities
{
    private static readonly string[] Decimal = ["k", "M", "G", "T", "P"];
    private static readonly string[] Binary = ["Ki", "Mi", "Gi", "Ti", "Pi"];

    /// <summary>Parses a quantity; false for anything else.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        var digits = text?.TakeWhile(char.IsAsciiDigit).Count() ?? 0;
        if (digits is 0 or > 15 || Factor(text![digits..]) is not { } factor) return false;
        var number = long.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture);
        if (number > long.MaxValue / factor) return false;
        bytes = number * factor;
        return true;
    }

    private static long? Factor(string unit)
    {
        if (unit.Length == 0) return 1;
        var power = Array.IndexOf(Binary, unit) + 1;
        if (power > 0) return 1L << (10 * power);
        power = Array.IndexOf(Decimal, unit) + 1;
        return power > 0 ? (long)Math.Pow(1000, power) : null;
    }
}
