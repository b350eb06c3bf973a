using System.Globalization;
using System.Text;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>The member function <c>format</c> of strings.</summary>
internal static class StringFormat
{
    public static CelValue Run(string pattern, CelList args)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%')
            {
                text.Append(pattern[i]);
                continue;
            }
            if (++i >= pattern.Length)
                return CelValue.Error("unexpected end of string");
            if (pattern[i] == '%')
            {
                text.Append('%');
                continue;
            }
            if (next >= args.Count)
                return CelValue.Error($"index {next} out of range");
            int? precision = null;
            if (pattern[i] == '.')
            {
                var start = ++i;
                while (i < pattern.Length && char.IsAsciiDigit(pattern[i]))
                    i++;
                if (i >= pattern.Length || i == start || i - start > 3)
                    return CelValue.Error("error while parsing precision");
                precision = int.Parse(pattern.AsSpan(start, i - start), CultureInfo.InvariantCulture);
            }
            var formatted = Clause(pattern[i], precision, args[next++]);
            if (formatted.IsError)
                return formatted;
            text.Append(formatted.AsString);
        }
        return CelValue.Of(text.ToString());
    }

    private static CelValue Clause(char clause, int? precision, CelValue value)
    {
        if (value.IsError)
            return value;
        return (clause, value.Kind) switch
        {
            ('s', _) => CelValue.Of(Text(value)),
            ('d', CelKind.Int or CelKind.Uint) => CelValue.Of(value.ToString()),
            ('f', CelKind.Int or CelKind.Uint or CelKind.Double) => CelValue.Of(value.ToDouble().ToString("F" + (precision ?? 6), CultureInfo.InvariantCulture)),
            ('e', CelKind.Int or CelKind.Uint or CelKind.Double) => CelValue.Of(Exponent(value.ToDouble(), precision ?? 6)),
            ('b', CelKind.Int) => CelValue.Of(value.AsInt < 0 ? "-" + Convert.ToString(-value.AsInt, 2) : Convert.ToString(value.AsInt, 2)),
            ('b', CelKind.Uint) => CelValue.Of(value.AsUint.ToString("B", CultureInfo.InvariantCulture)),
            ('b', CelKind.Bool) => CelValue.Of(value.IsTrue ? "1" : "0"),
            ('o', CelKind.Int or CelKind.Uint) => CelValue.Of(Convert.ToString(value.AsInt, 8)),
            ('x', CelKind.Int or CelKind.Uint) => CelValue.Of(Hex(value).ToLowerInvariant()),
            ('X', CelKind.Int or CelKind.Uint) => CelValue.Of(Hex(value)),
            ('x', CelKind.String) => CelValue.Of(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value.AsString))),
            ('X', CelKind.String) => CelValue.Of(Convert.ToHexString(Encoding.UTF8.GetBytes(value.AsString))),
            ('x', CelKind.Bytes) => CelValue.Of(Convert.ToHexStringLower(value.AsBytes)),
            ('X', CelKind.Bytes) => CelValue.Of(Convert.ToHexString(value.AsBytes)),
            ('d' or 'f' or 'e' or 'b' or 'o' or 'x' or 'X', _) => CelValue.Error($"error during formatting: no formatting function for type {value.TypeName} in %{clause}"),
            _ => CelValue.Error($"could not parse formatting clause: unrecognized formatting clause \"{clause}\""),
        };
    }

    private static string Hex(CelValue value) => value.Kind == CelKind.Int && value.AsInt < 0
        ? "-" + (-value.AsInt).ToString("X", CultureInfo.InvariantCulture)
        : value.AsUint.ToString("X", CultureInfo.InvariantCulture);

    /// <summary>Scientific notation as it is printed: <c>3.14×10⁰²</c>.</summary>
    private static string Exponent(double value, int precision)
    {
        var parts = value.ToString((precision == 0 ? "0" : "0." + new string('0', precision)) + "e+00", CultureInfo.InvariantCulture).Split('e');
        return parts[0] + "×10" + string.Concat(parts[1].TrimStart('+').Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
    }

    /// <summary>The text of a value for %s; strings inside of lists and maps are not quoted.</summary>
    private static string Text(CelValue value) => value.Kind switch
    {
        CelKind.List => "[" + string.Join(", ", value.AsList.Select(Text)) + "]",
        CelKind.Map => "{" + string.Join(", ", value.AsMap.Keys.Select(k => (Key: Text(k), Value: value.AsMap.Find(k)))
            .OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}: {(e.Value is { } v ? Text(v) : "")}")) + "}",
        CelKind.Double => GoText.Float(value.AsDouble),
        _ => value.ToString(),
    };
}
