using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Cel;

/// <summary>Reads one string or bytes literal.</summary>
internal sealed class CelStringLiteral
{
    private readonly string source;
    private readonly int start;
    private readonly bool bytesWanted;
    private readonly List<byte> bytes = [];
    private readonly StringBuilder text = new();
    private int at;

    /// <param name="source">The expression.</param>
    /// <param name="start">Where the literal starts, prefixes included.</param>
    /// <param name="quote">Where its first quote is.</param>
    /// <param name="raw">Whether backslashes are themselves.</param>
    /// <param name="bytesWanted">Whether it is bytes.</param>
    public CelStringLiteral(string source, int start, int quote, bool raw, bool bytesWanted)
    {
        this.source = source;
        this.start = start;
        this.bytesWanted = bytesWanted;
        at = quote;
        var mark = source[quote];
        var triple = new string(mark, 3);
        var close = source.AsSpan(at).StartsWith(triple) ? triple : mark.ToString();
        at += close.Length;
        while (!source.AsSpan(at).StartsWith(close))
        {
            if (at >= source.Length || (close.Length == 1 && source[at] is '\n' or '\r'))
                throw Wrong($"Syntax error: token recognition error at: '{source[start..at]}'");
            if (source[at] == '\\' && !raw)
                Escape();
            else
                Append(source[at++]);
        }
        at += close.Length;
        Value = bytesWanted ? CelValue.Of([.. bytes]) : CelValue.Of(text.ToString());
    }

    public CelValue Value { get; }

    public int End => at;

    private CelSyntaxException Wrong(string message) => new(new CelIssue(start, message));

    private void Append(char c)
    {
        if (!bytesWanted)
            text.Append(c);
        else if (char.IsHighSurrogate(c) && at < source.Length && char.IsLowSurrogate(source[at]))
            bytes.AddRange(Encoding.UTF8.GetBytes([c, source[at++]]));
        else
            bytes.AddRange(Encoding.UTF8.GetBytes([c]));
    }

    private void Escape()
    {
        if (at + 1 >= source.Length)
            throw Wrong("Syntax error: token recognition error at: '\\'");
        var c = source[at + 1];
        at += 2;
        switch (c)
        {
            case 'a': Append('\a'); break;
            case 'b': Append('\b'); break;
            case 'f': Append('\f'); break;
            case 'n': Append('\n'); break;
            case 'r': Append('\r'); break;
            case 't': Append('\t'); break;
            case 'v': Append('\v'); break;
            case '\\' or '\'' or '"' or '`' or '?': Append(c); break;
            case 'x' or 'X': Code(2, NumberStyles.AllowHexSpecifier, octet: true); break;
            case 'u': Code(4, NumberStyles.AllowHexSpecifier, octet: false); break;
            case 'U': Code(8, NumberStyles.AllowHexSpecifier, octet: false); break;
            case >= '0' and <= '3':
                at--;
                Octal();
                break;
            default: throw Wrong("Syntax error: token recognition error at: '" + source[start..at] + "'");
        }
    }

    private void Code(int digits, NumberStyles style, bool octet)
    {
        if (at + digits > source.Length || !int.TryParse(source.AsSpan(at, digits), style, CultureInfo.InvariantCulture, out var code))
            throw Wrong("Syntax error: token recognition error at: '" + source[start..Math.Min(at, source.Length)] + "'");
        at += digits;
        Put(code, octet);
    }

    private void Octal()
    {
        if (at + 3 > source.Length || !source.AsSpan(at, 3).ContainsAnyInRange('0', '7') || source.AsSpan(at, 3).ContainsAnyExceptInRange('0', '7'))
            throw Wrong("Syntax error: token recognition error at: '" + source[start..at] + "'");
        var code = ((source[at] - '0') * 64) + ((source[at + 1] - '0') * 8) + (source[at + 2] - '0');
        at += 3;
        Put(code, octet: true);
    }

    private void Put(int code, bool octet)
    {
        if (bytesWanted && octet)
            bytes.Add((byte)code);
        else if (!Rune.IsValid(code))
            throw Wrong("invalid unicode code point");
        else if (bytesWanted)
            bytes.AddRange(Encoding.UTF8.GetBytes(new Rune(code).ToString()));
        else
            text.Append(new Rune(code));
    }
}
