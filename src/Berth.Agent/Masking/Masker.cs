using System.Buffers;
using System.Text;

namespace Berth.Agent.Masking;

/// <summary>
/// Replaces secrets in a stream of bytes, also when they are split across reads: what may be the beginning of a secret is held
/// back until more is known. With declared patterns that is the line that is not at its end yet; of a match that runs on for more than
/// some ten kilobytes the rest is shown.
/// </summary>
internal sealed class Masker(SecretPatterns secrets)
{
    private static readonly byte[] Mask = "***"u8.ToArray();
    // A line that goes on for longer is judged piece by piece, as much as is held.
    private const int LongestLine = 16 * 1024;

    private readonly SearchValues<byte> _firsts = SearchValues.Create([.. secrets.Patterns.Select(p => p[0]).Distinct()]);
    private byte[] _held = [];

    /// <summary>Bytes held back.</summary>
    public int Held => _held.Length;

    /// <summary>Takes bytes, gives those that are certain.</summary>
    public byte[] Push(ReadOnlySpan<byte> data)
    {
        if (secrets.IsEmpty) return data.ToArray();
        byte[] window = [.. _held, .. data];
        var hits = Hits(window);
        var tail = TailStart(window, hits);
        _held = window[tail..];
        return Replace(window.AsSpan(0, tail), hits);
    }

    /// <summary>The end of the stream: what was held back is no secret.</summary>
    public byte[] Flush()
    {
        var rest = Replace(_held, Hits(_held));
        _held = [];
        return rest;
    }

    /// <summary>Stretches to hide, in order; those that overlap are one.</summary>
    private List<(int Start, int End)> Hits(byte[] window)
    {
        var found = new List<(int Start, int End)>();
        foreach (var pattern in secrets.Patterns)
        {
            for (var from = 0; from <= window.Length - pattern.Length;)
            {
                var at = window.AsSpan(from).IndexOf(pattern);
                if (at < 0) break;
                found.Add((from + at, from + at + pattern.Length));
                from += at + 1;
            }
        }
        Declared(window, found);
        found.Sort();
        var merged = new List<(int Start, int End)>();
        foreach (var hit in found)
        {
            if (merged.Count > 0 && hit.Start < merged[^1].End) merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, hit.End));
            else merged.Add(hit);
        }
        return merged;
    }

    private void Declared(byte[] window, List<(int Start, int End)> found)
    {
        if (secrets.Declared.Count == 0) return;
        // A character for each byte, so that places in the text are places in the bytes.
        var text = Encoding.Latin1.GetString(window);
        for (var from = 0; from < text.Length;)
        {
            var end = text.IndexOf('\n', from) is var newline and >= 0 ? newline : text.Length;
            foreach (var pattern in secrets.Declared)
                foreach (var match in pattern.EnumerateMatches(text.AsSpan(from, end - from)))
                    if (match.Length > 0) found.Add((from + match.Index, from + match.Index + match.Length));
            from = end + 1;
        }
    }

    /// <summary>Where the part begins that a following read could still turn into a secret, or a hit into a longer one.</summary>
    private int TailStart(byte[] window, List<(int Start, int End)> hits)
    {
        var tail = window.Length;
        for (var start = Math.Max(0, window.Length - secrets.Longest + 1); start < window.Length; start++)
        {
            var jump = window.AsSpan(start).IndexOfAny(_firsts);
            if (jump < 0) break;
            start += jump;
            if (!IsPrefix(window.AsSpan(start))) continue;
            tail = start;
            break;
        }
        if (secrets.Declared.Count > 0)
        {
            // What a declared pattern matches shows when the line is whole.
            var line = window.AsSpan().LastIndexOf((byte)'\n') + 1;
            tail = Math.Min(tail, Math.Max(line, window.Length - LongestLine));
        }
        foreach (var (start, end) in hits)
        {
            // A hit is never cut in two, unless a declared pattern goes on matching for ever.
            if (start < tail && end > tail && (secrets.Declared.Count == 0 || end - start <= Math.Max(2 * LongestLine, secrets.Longest))) return start;
        }
        return tail;
    }

    private bool IsPrefix(ReadOnlySpan<byte> rest)
    {
        foreach (var pattern in secrets.Patterns)
        {
            if (pattern.Length <= rest.Length) return false; // longest first: no longer one follows
            if (pattern[0] == rest[0] && pattern.AsSpan().StartsWith(rest)) return true;
        }
        return false;
    }

    private static byte[] Replace(ReadOnlySpan<byte> bytes, List<(int Start, int End)> hits)
    {
        if (hits.Count == 0) return bytes.ToArray();
        var output = new MemoryStream(bytes.Length);
        var at = 0;
        foreach (var (start, end) in hits)
        {
            if (start >= bytes.Length) break;
            output.Write(bytes[at..start]);
            output.Write(Mask);
            at = Math.Min(end, bytes.Length);
        }
        output.Write(bytes[at..]);
        return output.ToArray();
    }
}
