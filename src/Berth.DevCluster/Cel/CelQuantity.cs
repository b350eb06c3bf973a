using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Cel;

/// <summary>A Kubernetes quantity (<c>1.5Gi</c>, <c>200m</c>), exact to a billionth and rounded away from zero beyond that.</summary>
internal sealed partial record CelQuantity(BigInteger Nanos) : ICelOpaque
{
    public const string Name = "kubernetes.Quantity";

    private static readonly BigInteger One = 1_000_000_000;

    private static readonly Dictionary<string, int> Decimal = new(StringComparer.Ordinal)
    {
        ["n"] = -9,
        ["u"] = -6,
        ["m"] = -3,
        [""] = 0,
        ["k"] = 3,
        ["M"] = 6,
        ["G"] = 9,
        ["T"] = 12,
        ["P"] = 15,
        ["E"] = 18,
    };

    private static readonly string[] Binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    public string TypeName => Name;

    public int Sign => Nanos.Sign;

    /// <summary>The quantity as an integer, where it is one of 64 bits.</summary>
    public long? Integer => Nanos % One == 0 && Nanos / One is var whole && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole : null;

    public double Approximate => (double)Nanos / 1e9;

    public bool SameAs(ICelOpaque other) => other is CelQuantity quantity && quantity.Nanos == Nanos;

    public static CelQuantity? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || (match.Groups[2].Length == 0 && match.Groups[3].Length == 0))
            return null;
        var digits = BigInteger.Parse("0" + match.Groups[2].Value + match.Groups[3].Value, CultureInfo.InvariantCulture);
        var scale = -match.Groups[3].Length;
        var multiplier = BigInteger.One;
        var suffix = match.Groups[4].Value;
        if (Array.IndexOf(Binary, suffix) is var power and >= 0)
            multiplier = BigInteger.Pow(1024, power + 1);
        else if (Decimal.TryGetValue(suffix, out var exponent))
            scale += exponent;
        else if (int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) && Math.Abs(exponent) < 1000)
            scale += exponent;
        else
            return null;
        var nanos = Scale(digits * multiplier, scale + 9);
        return new CelQuantity(match.Groups[1].Value == "-" ? -nanos : nanos);
    }

    private static BigInteger Scale(BigInteger value, int power)
    {
        if (power >= 0)
            return value * BigInteger.Pow(10, power);
        var quotient = BigInteger.DivRem(value, BigInteger.Pow(10, -power), out var rest);
        return rest.IsZero ? quotient : quotient + 1;
    }

    [GeneratedRegex(@"^([+-]?)([0-9]*)(?:\.([0-9]*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
