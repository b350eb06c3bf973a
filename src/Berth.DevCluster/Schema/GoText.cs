using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Renders values in the forms that Kubernetes' messages use, which are those of Go's fmt, strconv and encoding/json.</summary>
internal static class GoText
{
    /// <summary>A refused value inside an error's body.</summary>
    public static string Value(JsonNode? value)
    {
        var datum = Datum.Of(value);
        return datum.Kind switch
        {
            DatumKind.String => Quote(datum.Text),
            DatumKind.Float => Float(datum.Double),
            _ => Json(value),
        };
    }

    /// <summary>A string as <c>%q</c> prints it.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
            AppendQuoted(quoted, rune);
        return quoted.Append('"').ToString();
    }

    /// <summary>A number as <c>%v</c> prints a float64: the shortest digits, with an exponent below 1e-4 and from 1e21.</summary>
    public static string Float(double value) => Shortest(value, value != 0 && (Math.Abs(value) < 1e-4 || Math.Abs(value) >= 1e21));

    /// <summary>A number without an exponent, as <c>strconv.FormatFloat(v, 'f', -1, 64)</c> prints it.</summary>
    public static string PlainFloat(double value) => Shortest(value, exponent: false);

    /// <summary>Compact JSON with sorted keys and the escapes of encoding/json.</summary>
    public static string Json(JsonNode? value)
    {
        var text = new StringBuilder();
        AppendJson(text, value);
        return text.ToString();
    }

    /// <summary>A value as <c>%v</c> prints decoded JSON: maps in the order of their keys.</summary>
    public static string Map(JsonNode? value) => value switch
    {
        JsonObject fields => "map[" + string.Join(' ', fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}:{Map(f.Value)}")) + "]",
        JsonArray items => "[" + string.Join(' ', items.Select(Map)) + "]",
        null => "<nil>",
        JsonValue text when text.TryGetValue<string>(out var plain) => plain,
        _ => Json(value),
    };

    private static string Shortest(double value, bool exponent)
    {
        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "+Inf" : "-Inf";
        var round = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var digits = new string([.. shortest.TakeWhile(c => c != 'E').Where(char.IsAsciiDigit)]).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
            return double.IsNegative(value) ? "-0" : "0";
        var power = int.Parse(round.AsSpan(round.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        // E16 may round up to the next power of ten where the shortest form does not.
        if (shortest.Contains('E'))
            power = int.Parse(shortest.AsSpan(shortest.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        var sign = value < 0 ? "-" : "";
        return sign + (exponent ? Scientific(digits, power) : Positional(digits, power));
    }

    private static string Scientific(string digits, int power)
    {
        var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        return $"{mantissa}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
    }

    private static string Positional(string digits, int power)
    {
        if (power < 0)
            return "0." + new string('0', -power - 1) + digits;
        return digits.Length <= power + 1
            ? digits + new string('0', power + 1 - digits.Length)
            : digits[..(power + 1)] + "." + digits[(power + 1)..];
    }

    private static void AppendQuoted(StringBuilder text, Rune rune)
    {
        switch (rune.Value)
        {
            case '"': text.Append("\\\""); break;
            case '\\': text.Append("\\\\"); break;
            case '\a': text.Append("\\a"); break;
            case '\b': text.Append("\\b"); break;
            case '\f': text.Append("\\f"); break;
            case '\n': text.Append("\\n"); break;
            case '\r': text.Append("\\r"); break;
            case '\t': text.Append("\\t"); break;
            case '\v': text.Append("\\v"); break;
            case < 0x20 or 0x7f: text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
            default:
                if (IsPrintable(rune))
                    text.Append(rune);
                else
                    text.Append(rune.IsBmp ? "\\u" + rune.Value.ToString("x4", CultureInfo.InvariantCulture) : "\\U" + rune.Value.ToString("x8", CultureInfo.InvariantCulture));
                break;
        }
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    private static void AppendJson(StringBuilder text, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject fields:
                text.Append('{');
                var first = true;
                foreach (var (name, field) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    AppendJsonString(text, name);
                    text.Append(':');
                    AppendJson(text, field);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    AppendJson(text, items[i]);
                }
                text.Append(']');
                break;
            default:
                AppendScalar(text, Datum.Of(value));
                break;
        }
    }

    private static void AppendScalar(StringBuilder text, Datum datum)
    {
        switch (datum.Kind)
        {
            case DatumKind.String: AppendJsonString(text, datum.Text); break;
            case DatumKind.Bool: text.Append(datum.Bool ? "true" : "false"); break;
            case DatumKind.Int: text.Append(CultureInfo.InvariantCulture, $"{datum.Long}"); break;
            case DatumKind.Float:
                var magnitude = Math.Abs(datum.Double);
                text.Append(Shortest(datum.Double, magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)).Replace("e-0", "e-", StringComparison.Ordinal));
                break;
            default: text.Append("null"); break;
        }
    }

    private static void AppendJsonString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default: text.Append(c); break;
            }
        }
        text.Append('"');
    }
}
