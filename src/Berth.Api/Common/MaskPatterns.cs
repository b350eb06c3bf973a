using System.Text.RegularExpressions;

namespace Berth.Api;

/// <summary>
/// Declared patterns of what must not be seen in output, beside the values of Secrets: regular expressions without look-around and
/// back-references, so that no output can make matching slow. Each is held against one line at a time, in ASCII.
/// </summary>
public static class MaskPatterns
{
    /// <summary>Most patterns of a task or a pool.</summary>
    public const int Most = 16;

    /// <summary>Longest pattern.</summary>
    public const int Longest = 256;

    /// <summary>What is wrong with the first pattern that cannot be used; null if all can.</summary>
    public static string? Problem(IEnumerable<string>? patterns)
    {
        foreach (var pattern in patterns ?? [])
        {
            try
            {
                if (Compile(pattern).IsMatch("")) return $"pattern '{pattern}' matches everything: it must not match an empty text";
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                return $"pattern '{pattern}' cannot be used: {e.Message}";
            }
        }
        return null;
    }

    /// <summary>Makes a pattern ready.</summary>
    public static Regex Compile(string pattern) =>
        pattern.Any(c => c > 127) ? throw new ArgumentException("only ASCII is matched", nameof(pattern)) : new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
