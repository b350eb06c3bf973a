using System.Globalization;
using System.Numerics;

namespace Berth.DevCluster.Typing;

/// <summary>Resource quantities: parsed exactly, written in Kubernetes' canonical form.</summary>
internal static class Quantity
{
    private static readonly string[] Binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] Decimal = ["k", "M", "G", "T", "P", "E"];

    /// <summary>The canonical text of a quantity: the largest suffix that leaves no fraction.</summary>
    /// <exception cref="DecodeException">The text is not a quantity.</exception>
    public static string Canonical(string text)
    {
        var (nanos, binary) = Parse(text);
        if (nanos.IsZero) return "0";
        var sign = nanos.Sign < 0 ? "-" : "";
        nanos = BigInteger.Abs(nanos);
        var nano = new BigInteger(1_000_000_000);
        if (binary && nanos % nano == 0 && nanos / nano >= 1024) return sign + BinaryText(nanos / nano);
        foreach (var (suffix, size) in new (string, BigInteger)[] { ("n", 1), ("u", 1000), ("m", 1_000_000) })
        {
            if (nanos % (size * 1000) != 0) return sign + (nanos / size).ToString(CultureInfo.InvariantCulture) + suffix;
        }
        var whole = nanos / nano;
        var index = -1;
        while (index + 1 < Decimal.Length && whole % 1000 == 0)
        {
            whole /= 1000;
            index++;
        }
        return sign + whole.ToString(CultureInfo.InvariantCulture) + (index < 0 ? "" : Decimal[index]);
    }

    /// <summary>The value in billionths, and whether it was written with a binary suffix.</summary>
    public static (BigInteger Nanos, bool Binary) Parse(string text)
    {
        var end = 0;
        while (end < text.Length && (char.IsDigit(text[end]) || text[end] == '.' || (end == 0 && text[end] is '+' or '-'))) end++;
        var (number, suffix) = (text[..end], text[end..]);
        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) throw Bad();
        var scaled = new BigInteger(decimal.Truncate(value)) * 1_000_000_000 + new BigInteger((value - decimal.Truncate(value)) * 1_000_000_000);
        if (suffix.Length == 0) return (scaled, false);
        var power = System.Array.IndexOf(Binary, suffix);
        if (power >= 0) return (scaled * BigInteger.Pow(1024, power + 1), true);
        power = System.Array.IndexOf(Decimal, suffix);
        if (power >= 0) return (scaled * BigInteger.Pow(1000, power + 1), false);
        if (suffix is "m" or "u" or "n") return (scaled / BigInteger.Pow(1000, suffix == "m" ? 1 : suffix == "u" ? 2 : 3), false);
        if (suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent))
            return (exponent >= 0 ? scaled * BigInteger.Pow(10, exponent) : scaled / BigInteger.Pow(10, -exponent), false);
        throw Bad();
    }

    private static string BinaryText(BigInteger whole)
    {
        var index = -1;
        while (index + 1 < Binary.Length && whole % 1024 == 0)
        {
            whole /= 1024;
            index++;
        }
        return whole.ToString(CultureInfo.InvariantCulture) + (index < 0 ? "" : Binary[index]);
    }

    private static DecodeException Bad() =>
        new("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}
