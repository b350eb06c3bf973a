using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Masking;

/// <summary>
/// The forms in which secret values may show up in output: as they are, each longer line of them, base64 (all three alignments, both
/// alphabets), URL-encoded, JSON-escaped and hexadecimal. Values under <see cref="ShortestBytes"/> bytes are not masked: hiding
/// every "1" or "yes" would make output unreadable and say nothing less.
/// </summary>
internal sealed class SecretPatterns
{
    public const int ShortestBytes = 4;
    private const int ShortestLine = 8;

    private SecretPatterns(byte[][] patterns, Regex[] declared)
    {
        Patterns = patterns;
        Declared = declared;
        Longest = patterns.Length == 0 ? 0 : patterns.Max(p => p.Length);
    }

    /// <summary>Nothing to mask.</summary>
    public static SecretPatterns None { get; } = new([], []);

    /// <summary>Longest first.</summary>
    public IReadOnlyList<byte[]> Patterns { get; }

    public int Longest { get; }

    /// <summary>Declared patterns, held against whole lines.</summary>
    public IReadOnlyList<Regex> Declared { get; }

    /// <summary>Whether there is nothing to mask.</summary>
    public bool IsEmpty => Longest == 0 && Declared.Count == 0;

    /// <summary>What an attempt's order says.</summary>
    public static SecretPatterns Of(Assign order) => Of(order.SecretEnv?.Values ?? [], order.Mask);

    public static SecretPatterns Of(IEnumerable<string> values, IReadOnlyList<string>? declared = null)
    {
        var patterns = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            Add(patterns, value, ShortestBytes);
            Add(patterns, value.Trim(), ShortestBytes);
            if (!value.Contains('\n')) continue;
            foreach (var line in value.Split('\n')) Add(patterns, line.Trim(), ShortestLine);
        }
        if (patterns.Count == 0 && declared is not { Count: > 0 }) return None;
        return new SecretPatterns([.. patterns.Select(Encoding.UTF8.GetBytes).OrderByDescending(p => p.Length)], [.. (declared ?? []).Select(MaskPatterns.Compile)]);
    }

    private static void Add(HashSet<string> patterns, string value, int shortest)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        if (bytes.Length < shortest) return;
        patterns.Add(value);
        patterns.Add(Uri.EscapeDataString(value));
        patterns.Add(JsonEncodedText.Encode(value).Value);
        patterns.Add(JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value);
        patterns.Add(Convert.ToHexStringLower(bytes));
        AddBase64(patterns, Convert.ToBase64String(bytes).TrimEnd('='));
        for (var shift = 0; shift < 3; shift++) AddBase64(patterns, Base64Core(bytes, shift));
    }

    private static void AddBase64(HashSet<string> patterns, string base64)
    {
        if (base64.Length < 6) return;
        patterns.Add(base64);
        patterns.Add(base64.Replace('+', '-').Replace('/', '_'));
    }

    /// <summary>The characters of base64 that depend on these bytes alone when <paramref name="shift"/> other bytes come before them.</summary>
    private static string Base64Core(byte[] bytes, int shift)
    {
        var text = Convert.ToBase64String([.. new byte[shift], .. bytes]);
        var skip = shift == 0 ? 0 : shift + 1;
        var take = (shift + bytes.Length) * 8 / 6;
        return text[skip..take];
    }
}
