using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Schema;

/// <summary>
/// Regular expressions with the meaning they have in Go (RE2): ASCII classes, <c>$</c> only at the very end, no look-around and no
/// back-references, time linear in the input.
/// </summary>
internal static class GoRegex
{
    private const int MostKept = 10_000;

    private static readonly ConcurrentDictionary<string, (Regex? Regex, string Error)> Compiled = new(StringComparer.Ordinal);

    /// <summary>Compiles a pattern, or tells in Go's words what is wrong with it.</summary>
    public static bool TryCompile(string pattern, out Regex regex, out string error)
    {
        // Expressions may match against patterns from objects, which must not fill the memory.
        if (!Compiled.TryGetValue(pattern, out var found))
        {
            found = Compile(pattern);
            if (Compiled.Count < MostKept)
                Compiled[pattern] = found;
        }
        (regex, error) = (found.Regex!, found.Error);
        return found.Regex is not null;
    }

    private static (Regex?, string) Compile(string pattern)
    {
        try
        {
            var translated = new Translation(pattern).Run();
            return (new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), "");
        }
        catch (GoRegexException wrong)
        {
            return (null, "error parsing regexp: " + wrong.Message);
        }
        catch (ArgumentException wrong)
        {
            return (null, $"error parsing regexp: {wrong.Message}");
        }
        catch (NotSupportedException wrong)
        {
            return (null, $"error parsing regexp: {wrong.Message}");
        }
    }

    private sealed class GoRegexException(string message) : Exception(message);

    private sealed class Translation(string pattern)
    {
        private readonly StringBuilder output = new();
        private int at;
        private int depth;

        public string Run()
        {
            while (at < pattern.Length)
                Next();
            return depth == 0 ? output.ToString() : throw new GoRegexException($"missing closing ): `{pattern}`");
        }

        private void Next()
        {
            var c = pattern[at];
            switch (c)
            {
                case '\\': Escape(inClass: false); break;
                case '[': Class(); break;
                case '(': Group(); break;
                case ')':
                    if (--depth < 0)
                        throw new GoRegexException($"unexpected ): `{pattern}`");
                    Copy(1);
                    break;
                // In Go $ without the m flag is the end of text, not the place before a last newline.
                case '$': output.Append(@"\z"); at++; break;
                case '*' or '+' or '?': Repeat(1); break;
                case '{':
                    var close = RepeatLength();
                    if (close > 0)
                        Repeat(close);
                    else
                    {
                        output.Append(@"\{");
                        at++;
                    }
                    break;
                case '#' or ' ': output.Append('\\').Append(c); at++; break;
                default: Copy(1); break;
            }
        }

        private void Repeat(int length)
        {
            var start = at;
            if (output.Length == 0 || (start > 0 && pattern[start - 1] is '(' or '|' && !IsEscaped(start - 1)))
                throw new GoRegexException($"missing argument to repetition operator: `{pattern.Substring(start, length)}`");
            Copy(length);
            if (at < pattern.Length && pattern[at] == '?')
                Copy(1);
            if (at < pattern.Length && (pattern[at] is '*' or '+' or '?' || (pattern[at] == '{' && RepeatLength() > 0)))
            {
                var more = pattern[at] == '{' ? RepeatLength() : 1;
                throw new GoRegexException($"invalid nested repetition operator: `{pattern[start..(at + more)]}`");
            }
        }

        private bool IsEscaped(int index)
        {
            var slashes = 0;
            while (index - 1 - slashes >= 0 && pattern[index - 1 - slashes] == '\\')
                slashes++;
            return slashes % 2 == 1;
        }

        private int RepeatLength()
        {
            var close = pattern.IndexOf('}', at);
            if (close < 0)
                return 0;
            var bounds = pattern[(at + 1)..close].Split(',');
            if (bounds.Length > 2 || bounds[0].Length == 0 || bounds.Any(b => b.Any(d => !char.IsAsciiDigit(d))))
                return 0;
            var text = pattern[at..(close + 1)];
            var numbers = bounds.Where(b => b.Length > 0).Select(b => b.Length > 4 ? 10000 : int.Parse(b, CultureInfo.InvariantCulture)).ToList();
            if (numbers.Any(n => n > 1000) || (numbers.Count == 2 && numbers[1] < numbers[0]))
                throw new GoRegexException($"invalid repeat count: `{text}`");
            return text.Length;
        }

        private void Group()
        {
            depth++;
            if (!pattern.AsSpan(at).StartsWith("(?"))
            {
                Copy(1);
                return;
            }
            if (pattern.AsSpan(at).StartsWith("(?P<") || (pattern.AsSpan(at).StartsWith("(?<") && at + 3 < pattern.Length && pattern[at + 3] is not ('=' or '!')))
            {
                var end = pattern.IndexOf('>', at);
                if (end < 0)
                    throw new GoRegexException($"invalid named capture: `{pattern[at..]}`");
                output.Append("(?<").Append(pattern.AsSpan(pattern.IndexOf('<', at) + 1, end - pattern.IndexOf('<', at)));
                at = end + 1;
                return;
            }
            var flags = at + 2;
            while (flags < pattern.Length && pattern[flags] is 'i' or 'm' or 's' or 'U' or '-')
                flags++;
            if (flags >= pattern.Length || pattern[flags] is not (':' or ')'))
                throw new GoRegexException($"invalid or unsupported Perl syntax: `{pattern.Substring(at, Math.Min(pattern.Length, flags + 1) - at)}`");
            var text = pattern[at..(flags + 1)];
            if (text.Contains('U', StringComparison.Ordinal) || text.Contains('m', StringComparison.Ordinal))
                throw new GoRegexException($"flags U and m are not supported by this server: `{text}`");
            if (pattern[flags] == ')')
                depth--;
            Copy(text.Length);
        }

        private void Class()
        {
            var start = at;
            Copy(1);
            if (at < pattern.Length && pattern[at] == '^')
                Copy(1);
            var first = true;
            while (at < pattern.Length && (pattern[at] != ']' || first))
            {
                first = false;
                if (pattern[at] == '\\')
                    Escape(inClass: true);
                else if (pattern.AsSpan(at).StartsWith("[:") && pattern.IndexOf(":]", at, StringComparison.Ordinal) is var end and > 0)
                    Posix(end);
                else if (pattern[at] is '[' or ']')
                {
                    output.Append('\\');
                    Copy(1);
                }
                // Only .NET subtracts classes: a hyphen before a bracket is a hyphen.
                else if (pattern[at] == '-' && at + 1 < pattern.Length && pattern[at + 1] == '[')
                {
                    output.Append(@"\-");
                    at++;
                }
                else
                    Copy(1);
            }
            if (at >= pattern.Length)
                throw new GoRegexException($"missing closing ]: `{pattern[start..]}`");
            Copy(1);
        }

        private void Posix(int end)
        {
            var name = pattern[(at + 2)..end];
            output.Append(name switch
            {
                "alnum" => "0-9A-Za-z",
                "alpha" => "A-Za-z",
                "ascii" => @"\x00-\x7F",
                "blank" => @"\t ",
                "cntrl" => @"\x00-\x1F\x7F",
                "digit" => "0-9",
                "graph" => "!-~",
                "lower" => "a-z",
                "print" => " -~",
                "punct" => @"!-/:-@\[-`{-~",
                "space" => @"\t\n\v\f\r ",
                "upper" => "A-Z",
                "word" => "0-9A-Za-z_",
                "xdigit" => "0-9A-Fa-f",
                _ => throw new GoRegexException($"invalid character class range: `[:{name}:]`"),
            });
            at = end + 2;
        }

        private void Escape(bool inClass)
        {
            if (at + 1 >= pattern.Length)
                throw new GoRegexException("trailing backslash at end of expression: ``");
            var c = pattern[at + 1];
            switch (c)
            {
                case 'd': Ascii("0-9", inClass); break;
                case 'w': Ascii("0-9A-Za-z_", inClass); break;
                case 's': Ascii(@"\t\n\f\r ", inClass); break;
                case 'D' when !inClass: Raw("[^0-9]"); break;
                case 'W' when !inClass: Raw("[^0-9A-Za-z_]"); break;
                case 'S' when !inClass: Raw(@"[^\t\n\f\r ]"); break;
                case 'D': Raw(@"\x00-/:-\uFFFF"); break;
                case 'W': Raw(@"\x00-/:-@\[-^`{-\uFFFF"); break;
                case 'S': Raw(@"\x00-\x08\x0B\x0E-\x1F!-\uFFFF"); break;
                case 'A' or 'z' or 'b' or 'B' when !inClass: Copy(2); break;
                case 'a' or 'f' or 'n' or 'r' or 't' or 'v': Copy(2); break;
                case 'x': Hex(); break;
                case 'p' or 'P': Category(); break;
                case 'Q': Literal(); break;
                default:
                    if (char.IsAsciiLetterOrDigit(c))
                        throw new GoRegexException($"invalid escape sequence: `\\{c}`");
                    Copy(2);
                    break;
            }
        }

        private void Ascii(string set, bool inClass) => Raw(inClass ? set : $"[{set}]");

        private void Raw(string text)
        {
            output.Append(text);
            at += 2;
        }

        private void Hex()
        {
            var braced = at + 2 < pattern.Length && pattern[at + 2] == '{';
            var end = braced ? pattern.IndexOf('}', at) : at + 4;
            var digits = end < 0 || end > pattern.Length ? "" : braced ? pattern[(at + 3)..end] : pattern[(at + 2)..end];
            if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0xFFFF)
                throw new GoRegexException($"invalid escape sequence: `{pattern[at..Math.Min(pattern.Length, at + 4)]}`");
            output.Append(CultureInfo.InvariantCulture, $"\\u{code:X4}");
            at = braced ? end + 1 : end;
        }

        private void Category()
        {
            if (at + 2 < pattern.Length && pattern[at + 2] != '{')
            {
                output.Append('\\').Append(pattern[at + 1]).Append('{').Append(pattern[at + 2]).Append('}');
                at += 3;
                return;
            }
            var end = pattern.IndexOf('}', at);
            if (end < 0)
                throw new GoRegexException($"invalid character class range: `{pattern[at..]}`");
            Copy(end + 1 - at);
        }

        private void Literal()
        {
            var end = pattern.IndexOf(@"\E", at, StringComparison.Ordinal);
            output.Append(Regex.Escape(pattern[(at + 2)..(end < 0 ? pattern.Length : end)]));
            at = end < 0 ? pattern.Length : end + 2;
        }

        private void Copy(int length)
        {
            output.Append(pattern, at, length);
            at += length;
        }
    }
}
