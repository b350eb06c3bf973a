using Berth.DevCluster.Http;
using Berth.DevCluster.Strategies;

namespace Berth.DevCluster.Selecting;

/// <summary>Reads the text form of label selectors, token by token.</summary>
internal sealed class SelectorReader(string text)
{
    private const string Operators = "in, notin, =, ==, !=, gt, lt";
    private const string Special = "=!(),><";
    private int _at;

    /// <summary>One requirement: a key, an operator (in, notin, exists, !, gt, lt) and values.</summary>
    internal sealed record Term(string Key, string Operator, IReadOnlyList<string> Values);

    public List<Term> Read()
    {
        var terms = new List<Term>();
        while (true)
        {
            terms.Add(ReadTerm());
            switch (Next())
            {
                case "":
                    return terms;
                case ",":
                    if (Peek() is var after && (after.Length == 0 || (IsSpecial(after) && after != "!"))) throw StatusException.BadRequest($"found '{after}', expected: identifier after ','");
                    break;
                case var found:
                    throw Unreadable(found, "',' or 'end of string'");
            }
        }
    }

    private Term ReadTerm()
    {
        var negated = Peek() == "!";
        if (negated) Next();
        var key = Next();
        if (key.Length == 0 || IsSpecial(key)) throw Unreadable(key, "!, identifier, or 'end of string'");
        foreach (var why in NameValidation.QualifiedName(key)) throw Wrong($"key: Invalid value: {FieldError.Quote(key)}: {why}");
        if (negated) return new Term(key, "!", []);
        if (Peek() is "" or ",") return new Term(key, "exists", []);
        var sign = Next();
        return sign switch
        {
            "=" or "==" => new Term(key, "in", [Value(key)]),
            "!=" => new Term(key, "notin", [Value(key)]),
            ">" or "<" => new Term(key, sign == ">" ? "gt" : "lt", [Number(key)]),
            "in" or "notin" => new Term(key, sign, Values(key)),
            _ => throw Unreadable(sign, Operators),
        };
    }

    private string Value(string key)
    {
        var value = Peek() is "" or "," ? "" : Next();
        if (IsSpecial(value)) throw Unreadable(value, "identifier");
        return Checked(key, value);
    }

    private string Number(string key)
    {
        var value = Value(key);
        if (!long.TryParse(value, out _)) throw Wrong($"values[0][{key}]: Invalid value: {FieldError.Quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer");
        return value;
    }

    private List<string> Values(string key)
    {
        if (Next() is var open && open != "(") throw Unreadable(open, "'('");
        var values = new List<string>();
        while (true)
        {
            var item = Peek() is "," or ")" ? "" : Next();
            if (item.Length > 0 && IsSpecial(item)) throw Unreadable(item, "',', ')' or identifier");
            values.Add(Checked(key, item));
            switch (Next())
            {
                case ")":
                    return values;
                case ",":
                    break;
                case var found:
                    throw Unreadable(found, "',' or ')'");
            }
        }
    }

    private static string Checked(string key, string value)
    {
        foreach (var why in NameValidation.LabelValue(value)) throw Wrong($"values[0][{key}]: Invalid value: {FieldError.Quote(value)}: {why}");
        return value;
    }

    private string Peek()
    {
        var (at, token) = (_at, Next());
        _at = at;
        return token;
    }

    // An empty token is the end of the text.
    private string Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        if (_at == text.Length) return "";
        var start = _at;
        if (Special.Contains(text[_at], StringComparison.Ordinal))
        {
            _at++;
            if (text[start] is '=' or '!' && text.AsSpan(_at) is ['=', ..]) _at++;
            return text[start.._at];
        }
        while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && !Special.Contains(text[_at], StringComparison.Ordinal)) _at++;
        return text[start.._at];
    }

    private static bool IsSpecial(string token) => token.Length > 0 && Special.Contains(token[0], StringComparison.Ordinal);

    private static StatusException Unreadable(string found, string expected) => StatusException.BadRequest($"unable to parse requirement: found '{found}', expected: {expected}");

    private static StatusException Wrong(string why) => StatusException.BadRequest("unable to parse requirement: " + why);
}
