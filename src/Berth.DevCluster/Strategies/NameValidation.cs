using System.Text.RegularExpressions;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>The forms of names, label keys and label values.</summary>
internal static partial class NameValidation
{
    public const string SubdomainMessage = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    public const string LabelMessage = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
        + "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public const string QualifiedMessage = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    public const string LabelValueMessage = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")]
    private static partial Regex Qualified();

    [GeneratedRegex("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")]
    private static partial Regex LabelValueForm();

    /// <summary>What is wrong with a name; empty when nothing is.</summary>
    public static IEnumerable<string> Name(string name, NameRule rule)
    {
        if (rule == NameRule.PathSegment)
        {
            if (name is "." or "..") yield return $"may not be '{name}'";
            foreach (var c in "/%")
            {
                if (name.Contains(c, StringComparison.Ordinal)) yield return $"may not contain '{c}'";
            }
            yield break;
        }
        var max = rule == NameRule.Label ? 63 : 253;
        if (name.Length > max) yield return $"must be no more than {max} bytes";
        if (rule == NameRule.Label && name.Contains('.', StringComparison.Ordinal) && Subdomain().IsMatch(name)) yield return "must not contain dots";
        else if (!(rule == NameRule.Label ? Label() : Subdomain()).IsMatch(name)) yield return rule == NameRule.Label ? LabelMessage : SubdomainMessage;
    }

    /// <summary>What is wrong with a qualified name such as a label key.</summary>
    public static IEnumerable<string> QualifiedName(string key)
    {
        var slash = key.Split('/');
        if (slash.Length > 2)
        {
            yield return "a valid label key" + QualifiedMessage["name part".Length..] + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }
        if (slash.Length == 2)
        {
            if (slash[0].Length == 0) yield return "prefix part must be non-empty";
            else if (!Subdomain().IsMatch(slash[0])) yield return "prefix part " + SubdomainMessage;
        }
        var name = slash[^1];
        if (name.Length == 0) yield return "name part must be non-empty";
        else if (name.Length > 63) yield return "name part must be no more than 63 bytes";
        if (!Qualified().IsMatch(name)) yield return QualifiedMessage;
    }

    public static IEnumerable<string> LabelValue(string value)
    {
        if (value.Length > 63) yield return "must be no more than 63 bytes";
        if (!LabelValueForm().IsMatch(value)) yield return LabelValueMessage;
    }
}
