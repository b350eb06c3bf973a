namespace Berth.DevCluster.Cel;

/// <summary>Parses an expression into a tree, macros included.</summary>
internal sealed class CelParser
{
    private const int MaxDepth = 200;

    private const string ExpressionStarts =
        "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

    private static readonly string[][] BinaryLevels = [["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly List<CelToken> tokens;
    private int at;
    private int depth;

    private CelParser(string source) => tokens = CelLexer.Tokens(source);

    private CelToken Current => tokens[at];

    /// <summary>Parses a whole expression; the issue tells what is wrong when there is no tree.</summary>
    public static CelNode? Parse(string source, out CelIssue? issue)
    {
        issue = null;
        try
        {
            var parser = new CelParser(source);
            var node = parser.Expression();
            if (parser.Current.Kind != CelTokenKind.End)
                throw parser.Unexpected(parser.tokens[parser.at + 1].Kind == CelTokenKind.End
                    ? "extraneous input '{0}' expecting <EOF>"
                    : "mismatched input '{0}' expecting <EOF>");
            return node;
        }
        catch (CelSyntaxException wrong)
        {
            issue = wrong.Issue;
            return null;
        }
    }

    private CelNode Expression()
    {
        if (++depth > MaxDepth)
            throw new CelSyntaxException(new(Current.Offset, "expression recursion limit exceeded: 250"));
        var condition = Or();
        if (Is("?"))
        {
            var offset = Take().Offset;
            var whenTrue = Or();
            Expect(":");
            condition = new CallNode(offset, "_?_:_", null, [condition, whenTrue, Expression()]);
        }
        depth--;
        return condition;
    }

    private CelNode Or()
    {
        var left = And();
        while (Is("||"))
            left = new CallNode(Take().Offset, "_||_", null, [left, And()]);
        return left;
    }

    private CelNode And()
    {
        var left = Binary(0);
        while (Is("&&"))
            left = new CallNode(Take().Offset, "_&&_", null, [left, Binary(0)]);
        return left;
    }

    private CelNode Binary(int level)
    {
        if (level == BinaryLevels.Length)
            return Unary();
        var left = Binary(level + 1);
        while ((Current.Kind == CelTokenKind.Symbol || Current is { Kind: CelTokenKind.Identifier, Text: "in" }) && BinaryLevels[level].Contains(Current.Text))
        {
            var op = Take();
            left = new CallNode(op.Offset, op.Text == "in" ? "@in" : $"_{op.Text}_", null, [left, Binary(level + 1)]);
        }
        return left;
    }

    private CelNode Unary()
    {
        if (!Is("!") && !Is("-"))
            return Member(Primary());
        var op = Current;
        var count = 0;
        while (Is(op.Text))
        {
            at++;
            count++;
        }
        if (op.Text == "-" && count == 1 && Current.Kind is CelTokenKind.Int or CelTokenKind.Double)
            return Member(Negative(op.Offset, Take()));
        var operand = Is("!") || Is("-") ? Unary() : Member(Primary());
        return count % 2 == 0 ? operand : new CallNode(op.Offset, op.Text == "!" ? "!_" : "-_", null, [operand]);
    }

    private static LiteralNode Negative(int offset, CelToken number) => new(offset, number.Kind == CelTokenKind.Int
        ? CelValue.Of(unchecked(-number.Value.AsInt))
        : CelValue.Of(-number.Value.AsDouble));

    private CelNode Member(CelNode operand)
    {
        while (true)
        {
            if (Is("."))
            {
                var dot = Take();
                var optional = Is("?");
                if (optional)
                    at++;
                var name = Name();
                if (Is("(") && !optional)
                {
                    var arguments = Arguments(out var open);
                    operand = CelMacros.Expand(operand, name.Text, open, arguments) ?? new CallNode(open, name.Text, operand, arguments);
                }
                else
                    operand = new SelectNode(dot.Offset, operand, name.Text, testOnly: false, optional);
            }
            else if (Is("["))
            {
                var open = Take();
                var optional = Is("?");
                if (optional)
                    at++;
                var index = Expression();
                Expect("]");
                operand = new CallNode(open.Offset, optional ? "_[?_]" : "_[_]", null, [operand, index]);
            }
            else
            {
                return operand;
            }
        }
    }

    private List<CelNode> Arguments(out int open)
    {
        open = Take().Offset;
        var arguments = new List<CelNode>();
        if (!Is(")"))
        {
            arguments.Add(Expression());
            while (Is(","))
            {
                at++;
                arguments.Add(Expression());
            }
        }
        Expect(")");
        return arguments;
    }

    private CelNode Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Int when token.Value.AsInt < 0:
                throw new CelSyntaxException(new(token.Offset, "invalid int literal"));
            case CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double or CelTokenKind.String or CelTokenKind.Bytes:
                at++;
                return new LiteralNode(token.Offset, token.Value);
            case CelTokenKind.Identifier:
                return Identifier();
        }
        switch (token.Text)
        {
            case "(":
                at++;
                var inner = Expression();
                Expect(")");
                return inner;
            case "[": return List();
            case "{": return Map();
            case "." when tokens[at + 1].Kind == CelTokenKind.Identifier:
                at++;
                return Identifier();
            default: throw Unexpected("mismatched input '{0}' expecting " + ExpressionStarts);
        }
    }

    private CelNode Identifier()
    {
        var token = Take();
        switch (token.Text)
        {
            case "true": return new LiteralNode(token.Offset, CelValue.True);
            case "false": return new LiteralNode(token.Offset, CelValue.False);
            case "null": return new LiteralNode(token.Offset, CelValue.Null);
            case "in":
                at--;
                throw Unexpected("mismatched input '{0}' expecting " + ExpressionStarts);
        }
        if (CelNames.Reserved.Contains(token.Text))
            throw new CelSyntaxException(new(token.Offset, $"reserved identifier: {token.Text}"));
        if (Is("{"))
            throw new CelSyntaxException(new(Current.Offset, $"undeclared reference to '{token.Text}' (in container '')"));
        if (!Is("("))
            return new IdentNode(token.Offset, token.Text);
        var arguments = Arguments(out var open);
        if (token.Text != "has")
            return new CallNode(open, token.Text, null, arguments);
        return arguments is [SelectNode { TestOnly: false, Optional: false } select]
            ? new SelectNode(open, select.Operand, select.Field, testOnly: true)
            : throw new CelSyntaxException(new(arguments.Count == 1 ? arguments[0].Offset : open, "invalid argument to has() macro"));
    }

    private ListNode List()
    {
        var open = Take();
        var items = new List<CelNode>();
        var optional = new HashSet<int>();
        while (!Is("]"))
        {
            if (Is("?"))
            {
                at++;
                optional.Add(items.Count);
            }
            items.Add(Expression());
            if (!Is(","))
                break;
            at++;
        }
        Expect("]");
        return new ListNode(open.Offset, items, optional);
    }

    private MapNode Map()
    {
        var open = Take();
        var entries = new List<MapEntry>();
        while (!Is("}"))
        {
            var optional = Is("?");
            if (optional)
                at++;
            var key = Expression();
            var colon = Expect(":");
            entries.Add(new MapEntry(colon.Offset, key, Expression(), optional));
            if (!Is(","))
                break;
            at++;
        }
        Expect("}");
        return new MapNode(open.Offset, entries);
    }

    private CelToken Name()
    {
        if (Current.Kind != CelTokenKind.Identifier || Current.Text is "in" or "true" or "false" or "null")
            throw Unexpected("mismatched input '{0}' expecting IDENTIFIER");
        return Take();
    }

    private bool Is(string symbol) => Current.Kind == CelTokenKind.Symbol && Current.Text == symbol;

    private CelToken Take() => tokens[at++];

    private CelToken Expect(string symbol) => Is(symbol) ? Take() : throw Unexpected($"missing '{symbol}' at '{{0}}'");

    private CelSyntaxException Unexpected(string message) =>
        new(new CelIssue(Current.Offset, "Syntax error: " + message.Replace("{0}", Current.Text, StringComparison.Ordinal)));
}
