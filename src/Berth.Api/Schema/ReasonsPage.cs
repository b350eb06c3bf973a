using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Berth.Api.Schema;

/// <summary>Writes the page of reasons: the closed list of words that conditions, events, transitions and metrics give.</summary>
[RequiresUnreferencedCode("Reads constants by reflection; used when generating files, never at run time.")]
internal static class ReasonsPage
{
    public static string Write(XmlDescriptions descriptions)
    {
        var text = new StringBuilder("<!-- Written by ./dev generate from src/Berth.Api; change it there. -->\n# Reasons\n\n");
        text.Append("Why a task, a pool or an Approval is as it is, in one word. Reasons are stable: conditions, events, history and metrics all use them; the\n");
        text.Append("message beside one says what it means here and what to type.\n\n| reason | meaning |\n| --- | --- |\n");
        foreach (var (value, meaning) in All(descriptions).OrderBy(r => r.Value, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"| `{value}` | {meaning.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        return text.ToString();
    }

    private static IEnumerable<(string Value, string Meaning)> All(XmlDescriptions descriptions) => typeof(Reasons)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f is { IsLiteral: true } && f.FieldType == typeof(string))
        .Select(f => ((string)f.GetRawConstantValue()!, descriptions.OfMember(typeof(Reasons), f.Name)));
}
