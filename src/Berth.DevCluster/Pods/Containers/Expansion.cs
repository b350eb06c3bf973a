using System.Text;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>Kubernetes' <c>$(VAR)</c>: <c>$$</c> is a dollar, an unknown variable stays as it is written.</summary>
internal static class Expansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$'))
        {
            return text;
        }

        var result = new StringBuilder();
        for (int at = 0; at < text.Length; at++)
        {
            char next = at + 1 < text.Length ? text[at + 1] : '\0';
            if (text[at] != '$' || next is not ('$' or '('))
            {
                result.Append(text[at]);
                continue;
            }

            int end = next == '(' ? text.IndexOf(')', at) : at + 1;
            if (end < 0)
            {
                result.Append(text[at]);
                continue;
            }

            result.Append(next == '$' ? "$"
                : variables.TryGetValue(text[(at + 2)..end], out string? value) ? value : text[at..(end + 1)]);
            at = end;
        }

        return result.ToString();
    }
}
