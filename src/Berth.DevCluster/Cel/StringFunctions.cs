using System.Text;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Functions of strings, by code points, and regular expressions.</summary>
internal static class StringFunctions
{
    private static readonly CelType Text = CelType.String;
    private static readonly CelType Texts = CelType.List(CelType.String);

    public static void Register(CelLibrary library)
    {
        library.Member("startsWith", [Text, Text], CelType.Bool, a => CelValue.Of(a[0].AsString.StartsWith(a[1].AsString, StringComparison.Ordinal)));
        library.Member("endsWith", [Text, Text], CelType.Bool, a => CelValue.Of(a[0].AsString.EndsWith(a[1].AsString, StringComparison.Ordinal)));
        library.Member("contains", [Text, Text], CelType.Bool, a => CelValue.Of(a[0].AsString.Contains(a[1].AsString, StringComparison.Ordinal)));
        library.Member("lowerAscii", [Text], Text, a => CelValue.Of(Map(a[0].AsString, char.IsAsciiLetterUpper, c => (char)(c | 0x20))));
        library.Member("upperAscii", [Text], Text, a => CelValue.Of(Map(a[0].AsString, char.IsAsciiLetterLower, c => (char)(c & ~0x20))));
        library.Member("trim", [Text], Text, a => CelValue.Of(a[0].AsString.Trim()));
        library.Member("replace", [Text, Text, Text], Text, a => CelValue.Of(Replace(a[0].AsString, a[1].AsString, a[2].AsString, -1)));
        library.Member("replace", [Text, Text, Text, CelType.Int], Text, a => CelValue.Of(Replace(a[0].AsString, a[1].AsString, a[2].AsString, a[3].AsInt)));
        library.Member("split", [Text, Text], Texts, a => Split(a[0].AsString, a[1].AsString, -1));
        library.Member("split", [Text, Text, CelType.Int], Texts, a => Split(a[0].AsString, a[1].AsString, a[2].AsInt));
        library.Member("join", [Texts], Text, a => Join(a[0].AsList, ""));
        library.Member("join", [Texts, Text], Text, a => Join(a[0].AsList, a[1].AsString));
        library.Member("format", [Text, CelType.List(CelType.Dyn)], Text, a => StringFormat.Run(a[0].AsString, a[1].AsList));
        library.Global("strings.quote", [Text], Text, a => CelValue.Of(GoText.Quote(a[0].AsString)));
        Positions(library);
        Patterns(library);
    }

    private static void Positions(CelLibrary library)
    {
        library.Member("charAt", [Text, CelType.Int], Text, a => CharAt(a[0].AsString, a[1].AsInt));
        library.Member("substring", [Text, CelType.Int], Text, a => Substring(a[0].AsString, a[1].AsInt, Runes.Count(a[0].AsString)));
        library.Member("substring", [Text, CelType.Int, CelType.Int], Text, a => Substring(a[0].AsString, a[1].AsInt, a[2].AsInt));
        library.Member("indexOf", [Text, Text], CelType.Int, a => IndexOf(a[0].AsString, a[1].AsString, 0));
        library.Member("indexOf", [Text, Text, CelType.Int], CelType.Int, a => IndexOf(a[0].AsString, a[1].AsString, a[2].AsInt));
        library.Member("lastIndexOf", [Text, Text], CelType.Int, a => LastIndexOf(a[0].AsString, a[1].AsString, null));
        library.Member("lastIndexOf", [Text, Text, CelType.Int], CelType.Int, a => LastIndexOf(a[0].AsString, a[1].AsString, a[2].AsInt));
    }

    private static void Patterns(CelLibrary library)
    {
        CelImplementation matches = a => GoRegex.TryCompile(a[1].AsString, out var regex, out var error)
            ? CelValue.Of(regex.IsMatch(a[0].AsString)) : CelValue.Error(error);
        library.Member("matches", [Text, Text], CelType.Bool, matches);
        library.Global("matches", [Text, Text], CelType.Bool, matches);
        library.Member("find", [Text, Text], Text, a => GoRegex.TryCompile(a[1].AsString, out var regex, out var error)
            ? CelValue.Of(regex.Match(a[0].AsString).Value) : CelValue.Error($"Illegal regex: {error}"));
        library.Member("findAll", [Text, Text], Texts, a => FindAll(a[0].AsString, a[1].AsString, -1));
        library.Member("findAll", [Text, Text, CelType.Int], Texts, a => FindAll(a[0].AsString, a[1].AsString, a[2].AsInt));
    }

    private static CelValue FindAll(string text, string pattern, long limit)
    {
        if (!GoRegex.TryCompile(pattern, out var regex, out var error))
            return CelValue.Error($"Illegal regex: {error}");
        var found = regex.Matches(text).Select(m => CelValue.Of(m.Value));
        return CelValue.Of(CelList.Of([.. limit < 0 ? found : found.Take((int)Math.Min(limit, int.MaxValue))]));
    }

    private static string Map(string text, Func<char, bool> chosen, Func<char, char> map) =>
        text.Any(chosen) ? string.Create(text.Length, (text, chosen, map), static (span, s) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = s.chosen(s.text[i]) ? s.map(s.text[i]) : s.text[i];
        }) : text;

    private static string Replace(string text, string old, string replacement, long limit)
    {
        if (limit == 0)
            return text;
        if (old.Length == 0)
            return ReplaceEmpty(text, replacement, limit);
        var result = new StringBuilder();
        var from = 0;
        while (limit != 0 && text.IndexOf(old, from, StringComparison.Ordinal) is var at and >= 0)
        {
            result.Append(text, from, at - from).Append(replacement);
            from = at + old.Length;
            limit--;
        }
        return result.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>The empty string stands before every code point and at the end.</summary>
    private static string ReplaceEmpty(string text, string replacement, long limit)
    {
        var result = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (limit-- != 0)
                result.Append(replacement);
            else
                limit = 0;
            result.Append(rune);
        }
        return limit != 0 ? result.Append(replacement).ToString() : result.ToString();
    }

    private static CelValue Split(string text, string separator, long limit)
    {
        if (limit == 0)
            return CelValue.Of(CelList.Empty);
        var count = limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue);
        var parts = separator.Length == 0
            ? Characters(text, count)
            : text.Split(separator, count, StringSplitOptions.None);
        return CelValue.Of(CelList.Of([.. parts.Select(CelValue.Of)]));
    }

    private static IEnumerable<string> Characters(string text, int count)
    {
        var at = 0;
        while (at < text.Length && --count > 0)
        {
            var length = Rune.GetRuneAt(text, at).Utf16SequenceLength;
            yield return text.Substring(at, length);
            at += length;
        }
        if (at < text.Length)
            yield return text[at..];
    }

    private static CelValue Join(CelList list, string separator)
    {
        foreach (var item in list)
        {
            if (item.Kind != CelKind.String)
                return item.IsError ? item : CelValue.NoSuchOverload;
        }
        return CelValue.Of(string.Join(separator, list.Select(i => i.AsString)));
    }

    private static CelValue CharAt(string text, long index)
    {
        var count = Runes.Count(text);
        if (index < 0 || index > count)
            return CelValue.Error($"index out of range: {index}");
        return index == count ? CelValue.Of("") : Substring(text, index, index + 1);
    }

    private static CelValue Substring(string text, long start, long end)
    {
        var count = Runes.Count(text);
        if (start < 0 || start > count)
            return CelValue.Error($"index out of range: {start}");
        if (end < 0 || end > count)
            return CelValue.Error($"index out of range: {end}");
        if (start > end)
            return CelValue.Error($"invalid substring range. start: {start}, end: {end}");
        var from = Offset(text, (int)start);
        return CelValue.Of(text[from..Offset(text, (int)end)]);
    }

    private static CelValue IndexOf(string text, string wanted, long from)
    {
        if (from < 0 || from > Runes.Count(text))
            return wanted.Length == 0 && from >= 0 ? CelValue.Of(from) : CelValue.Error($"index out of range: {from}");
        if (wanted.Length == 0)
            return CelValue.Of(from);
        var at = text.IndexOf(wanted, Offset(text, (int)from), StringComparison.Ordinal);
        return CelValue.Of(at < 0 ? -1L : Runes.Count(text[..at]));
    }

    private static CelValue LastIndexOf(string text, string wanted, long? from)
    {
        var count = Runes.Count(text);
        if (from is < 0 || from > count)
            return CelValue.Error($"index out of range: {from}");
        var start = from is { } position ? Offset(text, (int)position) : text.Length;
        if (wanted.Length == 0)
            return CelValue.Of(from ?? count);
        for (var at = Math.Min(start, text.Length - wanted.Length); at >= 0; at--)
        {
            if (string.CompareOrdinal(text, at, wanted, 0, wanted.Length) == 0)
                return CelValue.Of((long)Runes.Count(text[..at]));
        }
        return CelValue.Of(-1L);
    }

    /// <summary>Where a code point starts.</summary>
    private static int Offset(string text, int index)
    {
        var at = 0;
        while (index-- > 0)
            at += Rune.GetRuneAt(text, at).Utf16SequenceLength;
        return at;
    }
}
