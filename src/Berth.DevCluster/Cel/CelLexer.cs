using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Cel;

/// <summary>Splits an expression into tokens.</summary>
internal sealed class CelLexer(string source)
{
    private static readonly string[] LongSymbols = ["&&", "||", "==", "!=", "<=", ">="];

    private const string ShortSymbols = "()[]{}.,:?+-*/%<>!";

    private int at;

    /// <exception cref="CelSyntaxException">A character or literal is not of the language.</exception>
    public static List<CelToken> Tokens(string source)
    {
        var lexer = new CelLexer(source);
        var tokens = new List<CelToken>();
        do
            tokens.Add(lexer.Next());
        while (tokens[^1].Kind != CelTokenKind.End);
        return tokens;
    }

    private CelToken Next()
    {
        SkipSpace();
        if (at >= source.Length)
            return new(CelTokenKind.End, "<EOF>", source.Length, default);
        var start = at;
        var c = source[at];
        if (TryString(start, out var text))
            return text;
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] == '_'))
                at++;
            return new(CelTokenKind.Identifier, source[start..at], start, default);
        }
        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1])))
            return Number(start);
        foreach (var symbol in LongSymbols)
        {
            if (!source.AsSpan(at).StartsWith(symbol))
                continue;
            at += 2;
            return new(CelTokenKind.Symbol, symbol, start, default);
        }
        if (!ShortSymbols.Contains(c))
            throw new CelSyntaxException(new(start, $"Syntax error: token recognition error at: '{Rune.GetRuneAt(source, start)}'"));
        at++;
        return new(CelTokenKind.Symbol, c.ToString(), start, default);
    }

    private void SkipSpace()
    {
        while (at < source.Length)
        {
            if (source[at] is ' ' or '\t' or '\n' or '\r' or '\f')
                at++;
            else if (source.AsSpan(at).StartsWith("//"))
                at = source.IndexOf('\n', at) is var end and >= 0 ? end : source.Length;
            else
                return;
        }
    }

    private CelToken Number(int start)
    {
        if (source.AsSpan(at).StartsWith("0x") || source.AsSpan(at).StartsWith("0X"))
        {
            at += 2;
            while (at < source.Length && char.IsAsciiHexDigit(source[at]))
                at++;
            return Integer(start, source[(start + 2)..at], NumberStyles.AllowHexSpecifier);
        }
        SkipDigits();
        var real = false;
        if (at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            real = true;
            at++;
            SkipDigits();
        }
        if (at < source.Length && source[at] is 'e' or 'E')
        {
            var exponent = at + 1;
            if (exponent < source.Length && source[exponent] is '+' or '-')
                exponent++;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                real = true;
                at = exponent;
                SkipDigits();
            }
        }
        return real
            ? new(CelTokenKind.Double, source[start..at], start, CelValue.Of(double.Parse(source.AsSpan(start, at - start), CultureInfo.InvariantCulture)))
            : Integer(start, source[start..at], NumberStyles.None);
    }

    private CelToken Integer(int start, string digits, NumberStyles style)
    {
        if (at < source.Length && source[at] is 'u' or 'U')
        {
            at++;
            return ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var unsigned)
                ? new(CelTokenKind.Uint, source[start..at], start, CelValue.Of(unsigned))
                : throw new CelSyntaxException(new(start, "invalid uint literal"));
        }
        // The magnitude of the least integer is one more than that of the greatest: the parser applies the sign.
        return ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var magnitude) && magnitude <= (ulong)long.MaxValue + 1
            ? new(CelTokenKind.Int, source[start..at], start, CelValue.Of(unchecked((long)magnitude)))
            : throw new CelSyntaxException(new(start, "invalid int literal"));
    }

    private void SkipDigits()
    {
        while (at < source.Length && char.IsAsciiDigit(source[at]))
            at++;
    }

    private bool TryString(int start, out CelToken token)
    {
        token = default;
        var prefix = start;
        var (raw, bytes) = (false, false);
        while (prefix < source.Length && source[prefix] is 'r' or 'R' or 'b' or 'B')
        {
            if (source[prefix] is 'r' or 'R' ? raw : bytes)
                return false;
            if (source[prefix] is 'r' or 'R')
                raw = true;
            else
                bytes = true;
            prefix++;
        }
        if (prefix >= source.Length || source[prefix] is not ('"' or '\''))
            return false;
        at = prefix;
        var content = new CelStringLiteral(source, start, at, raw, bytes);
        at = content.End;
        token = new(bytes ? CelTokenKind.Bytes : CelTokenKind.String, source[start..at], start, content.Value);
        return true;
    }
}
