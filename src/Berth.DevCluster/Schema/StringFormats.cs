using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Schema;

/// <summary>The values of <c>format</c> that a kube-apiserver holds custom resources to; any other is ignored.</summary>
internal static partial class StringFormats
{
    private static readonly Dictionary<string, Func<string, bool>> Checks = new(StringComparer.Ordinal)
    {
        ["bsonobjectid"] = s => BsonObjectId().IsMatch(s),
        ["uri"] = IsRequestUri,
        ["email"] = IsEmail,
        ["hostname"] = IsHostname,
        ["ipv4"] = s => s.Contains('.') && IpText.TryParse(s, lenient: true, out _),
        ["ipv6"] = s => s.Contains(':') && IpText.TryParse(s, lenient: false, out _),
        ["cidr"] = s => IpText.TryParseCidr(s, lenient: true, out _, out _),
        ["mac"] = s => Mac().IsMatch(s),
        ["uuid"] = s => Uuid().IsMatch(s),
        ["uuid3"] = s => Uuid3().IsMatch(s),
        ["uuid4"] = s => Uuid4().IsMatch(s),
        ["uuid5"] = s => Uuid5().IsMatch(s),
        ["isbn"] = s => Checksums.IsIsbn10(s) || Checksums.IsIsbn13(s),
        ["isbn10"] = Checksums.IsIsbn10,
        ["isbn13"] = Checksums.IsIsbn13,
        ["creditcard"] = Checksums.IsCreditCard,
        ["ssn"] = s => Ssn().IsMatch(s),
        ["hexcolor"] = s => HexColor().IsMatch(s),
        ["rgbcolor"] = s => RgbColor().IsMatch(s),
        ["byte"] = s => Base64().IsMatch(s),
        ["password"] = _ => true,
        ["date"] = IsDate,
        ["duration"] = GoDuration.IsFormat,
        ["datetime"] = IsDateTime,
        ["k8sshortname"] = s => s.Length <= 63 && ShortName().IsMatch(s),
        ["k8slongname"] = s => s.Length <= 253 && LongName().IsMatch(s),
    };

    /// <summary>The format to check values against, empty where none is: formats that the type does not support are ignored.</summary>
    public static string Effective(string type, string format)
    {
        if (format.Length == 0)
            return "";
        var supported = type switch
        {
            "" or "string" => Checks.ContainsKey(Normal(format)),
            "integer" => format is "int32" or "int64",
            "number" => format is "float" or "double",
            _ => false,
        };
        return supported ? format : "";
    }

    /// <summary>Whether a string satisfies a format; true for formats of numbers.</summary>
    public static bool Matches(string format, string value) =>
        !Checks.TryGetValue(Normal(format), out var check) || check(value);

    /// <summary>Whether the format is one of strings.</summary>
    public static bool IsForStrings(string format) => Checks.ContainsKey(Normal(format));

    private static string Normal(string format) => format.Replace("-", "", StringComparison.Ordinal);

    internal static bool IsDate(string value) =>
        value.Length == 10 && DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    internal static bool IsDateTime(string value)
    {
        var parts = value.ToLowerInvariant().Split('t');
        if (value.Length < 4 || parts.Length < 2 || !IsDate(parts[0]))
            return false;
        var match = TimeOfDay().Match(parts[1]);
        return match.Success
            && string.CompareOrdinal(match.Groups[1].Value, "23") <= 0
            && string.CompareOrdinal(match.Groups[2].Value, "59") <= 0
            && string.CompareOrdinal(match.Groups[3].Value, "59") <= 0;
    }

    private static bool IsRequestUri(string value) =>
        value.Length > 0 && !value.Any(c => c is < ' ' or (char)0x7f or ' ')
        && (value[0] == '/' || AbsoluteUri().IsMatch(value)) && ValidEscapes(value);

    private static bool ValidEscapes(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != '%')
                continue;
            if (i + 2 >= value.Length || !char.IsAsciiHexDigit(value[i + 1]) || !char.IsAsciiHexDigit(value[i + 2]))
                return false;
        }
        return true;
    }

    private static bool IsEmail(string value)
    {
        var address = NamedAddress().Match(value) is { Success: true } named ? named.Groups[1].Value : value.Trim();
        return Address().IsMatch(address);
    }

    private static bool IsHostname(string value) =>
        Hostname().IsMatch(value) && value.Length <= 255 && value.Split('.').All(p => p.Length <= 63);

    [GeneratedRegex(@"^[0-9a-fA-F]{24}\z", RegexOptions.CultureInvariant)]
    private static partial Regex BsonObjectId();

    [GeneratedRegex(@"^([0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){7}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){19}|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){3}|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){9})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Mac();

    [GeneratedRegex(@"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?3[0-9a-fA-F]{3}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid3();

    [GeneratedRegex(@"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?4[0-9a-fA-F]{3}-?[89abAB][0-9a-fA-F]{3}-?[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid4();

    [GeneratedRegex(@"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?5[0-9a-fA-F]{3}-?[89abAB][0-9a-fA-F]{3}-?[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid5();

    [GeneratedRegex(@"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ssn();

    [GeneratedRegex(@"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\z", RegexOptions.CultureInvariant)]
    private static partial Regex HexColor();

    [GeneratedRegex(@"^rgb\(\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*,\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*,\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*\)\z", RegexOptions.CultureInvariant)]
    private static partial Regex RgbColor();

    [GeneratedRegex(@"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Base64();

    [GeneratedRegex(@"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimeOfDay();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:.+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AbsoluteUri();

    [GeneratedRegex(@"^[^<>]*<([^<>]+)>\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamedAddress();

    [GeneratedRegex(@"^(""([^""\\]|\\.)+""|[^\s""(),:;<>@\[\]\\.]+(\.[^\s""(),:;<>@\[\]\\.]+)*)@(\[[^\[\]\\\s]*\]|[^\s""(),:;<>@\[\]\\.]+(\.[^\s""(),:;<>@\[\]\\.]+)*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hostname();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShortName();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LongName();
}
