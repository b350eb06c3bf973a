namespace Berth.DevCluster.Schema;

/// <summary>The <c>fieldPath</c> of a rule: fields and map keys below the rule's place (<c>.foo.bar</c>, <c>.foo['a.b']</c>).</summary>
internal static class RulePath
{
    /// <summary>Resolves a path against the schema it starts from; false when it names no field there.</summary>
    public static bool TryParse(string text, StructuralSchema start, out string normalized)
    {
        normalized = "";
        FieldPath? path = null;
        var schema = start;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (!TakeName(ref rest, out var name))
                return false;
            if (schema.Properties.Count > 0)
            {
                if (!schema.Properties.TryGetValue(name, out var property))
                    return false;
                (path, schema) = (FieldPath.Child(path, name), property);
            }
            else if (schema.AdditionalProperties is { } additional)
            {
                (path, schema) = (FieldPath.Key(path, name), additional);
            }
            else
            {
                return false;
            }
        }
        normalized = path?.ToString() ?? "";
        return true;
    }

    private static bool TakeName(ref ReadOnlySpan<char> rest, out string name)
    {
        name = "";
        if (rest[0] == '.')
        {
            rest = rest[1..];
            var end = rest.IndexOfAny('.', '[', ']');
            name = rest[..(end < 0 ? rest.Length : end)].ToString();
            rest = rest[name.Length..];
            return name.Length > 0;
        }
        if (!rest.StartsWith("['"))
            return false;
        var close = 2;
        while (close < rest.Length && (rest[close] != '\'' || rest[close - 1] == '\\'))
            close++;
        if (close + 1 >= rest.Length || rest[close + 1] != ']')
            return false;
        var quoted = rest[2..close].ToString();
        rest = rest[(close + 2)..];
        return TryUnescape(quoted, out name);
    }

    private static bool TryUnescape(string quoted, out string name)
    {
        var text = new System.Text.StringBuilder(quoted.Length);
        name = "";
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != '\\')
            {
                text.Append(quoted[i]);
                continue;
            }
            if (++i == quoted.Length)
                return false;
            var c = quoted[i] switch
            {
                'a' => '\a',
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\v',
                '\'' or '\\' => quoted[i],
                _ => '\0',
            };
            if (c == '\0')
                return false;
            text.Append(c);
        }
        name = text.ToString();
        return true;
    }
}
