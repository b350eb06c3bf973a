using System.Text.RegularExpressions;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Kubernetes' format library.</summary>
internal static partial class FormatFunctions
{
    private const string Label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        + "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string Subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
        + "with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string OldLabel = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end "
        + "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string LabelValue = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
        + "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string NamePart = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private static readonly CelType Format = CelType.Opaque(CelFormat.Name);

    private static readonly Dictionary<string, Func<string, IReadOnlyList<string>>> Formats = new(StringComparer.Ordinal)
    {
        ["dns1123Label"] = s => Check(s, DnsLabel(), 63, Label),
        ["dns1123Subdomain"] = s => Check(s, DnsSubdomain(), 253, Subdomain),
        ["dns1035Label"] = s => Check(s, Dns1035(), 63, OldLabel),
        ["dns1123LabelPrefix"] = s => Check(Masked(s), DnsLabel(), 63, Label),
        ["dns1123SubdomainPrefix"] = s => Check(Masked(s), DnsSubdomain(), 253, Subdomain),
        ["dns1035LabelPrefix"] = s => Check(Masked(s), Dns1035(), 63, OldLabel),
        ["labelValue"] = s => Check(s, Value(), 63, LabelValue),
        ["qualifiedName"] = QualifiedName,
        ["uri"] = s => CelUrl.Parse(s) is null ? [$"parse {GoText.Quote(s)}: invalid URI for request"] : [],
        ["uuid"] = s => StringFormats.Matches("uuid", s) ? [] : ["does not match the UUID format"],
        ["byte"] = s => StringFormats.Matches("byte", s) ? [] : ["invalid base64"],
        ["date"] = s => StringFormats.Matches("date", s) ? [] : ["invalid date"],
        ["datetime"] = s => StringFormats.Matches("datetime", s) ? [] : ["invalid datetime"],
    };

    public static void Register(CelLibrary library)
    {
        foreach (var (name, check) in Formats)
        {
            var format = CelValue.Opaque(new CelFormat(name, check));
            library.Global("format." + name, [], Format, _ => format);
        }
        library.Global("format.named", [CelType.String], CelType.Optional(Format), a => Formats.TryGetValue(a[0].AsString, out var check)
            ? CelValue.Some(CelValue.Opaque(new CelFormat(a[0].AsString, check)))
            : CelValue.None);
        library.Member("validate", [Format, CelType.String], CelType.Optional(CelType.List(CelType.String)), a => Validate((CelFormat)a[0].AsOpaque, a[1].AsString));
    }

    private static CelValue Validate(CelFormat format, string text)
    {
        var wrong = format.Check(text);
        return wrong.Count == 0 ? CelValue.None : CelValue.Some(CelValue.Of(CelList.Of([.. wrong.Select(CelValue.Of)])));
    }

    private static List<string> Check(string text, Regex form, int longest, string message)
    {
        var wrong = new List<string>();
        if (text.Length > longest)
            wrong.Add($"must be no more than {longest} characters");
        if (!form.IsMatch(text))
            wrong.Add(message);
        return wrong;
    }

    /// <summary>A prefix may end with a hyphen: something follows it.</summary>
    private static string Masked(string prefix) => prefix.Length > 1 && prefix[^1] == '-' ? prefix[..^1] + "a" : prefix;

    private static List<string> QualifiedName(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2)
            return [$"a qualified name {NamePart["name part ".Length..]} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        if (parts.Length == 2 && parts[0].Length == 0)
            return ["prefix part must be non-empty"];
        var wrong = parts.Length == 2 ? Check(parts[0], DnsSubdomain(), 253, Subdomain).ConvertAll(w => "prefix part " + w) : [];
        if (parts[^1].Length == 0)
            wrong.Add("name part must be non-empty");
        else if (parts[^1].Length > 63)
            wrong.Add("name part must be no more than 63 characters");
        if (!QualifiedPart().IsMatch(parts[^1]))
            wrong.Add(NamePart);
        return wrong;
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsSubdomain();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Dns1035();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Value();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedPart();
}
