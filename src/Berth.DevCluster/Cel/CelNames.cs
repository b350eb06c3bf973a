using System.Text;

namespace Berth.DevCluster.Cel;

/// <summary>How property names become identifiers of expressions.</summary>
internal static class CelNames
{
    /// <summary>Words that no identifier of an expression may be.</summary>
    public static readonly HashSet<string> Reserved =
    [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
        "package", "namespace", "return", "var", "void", "while",
    ];

    /// <summary>The identifier of a property; null when it can have none.</summary>
    public static string? Escape(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
            return null;
        if (Reserved.Contains(name))
            return $"__{name}__";
        var plain = true;
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-' or '/'))
                return null;
            plain &= c is not ('.' or '-' or '/') && !(c == '_' && i > 0 && name[i - 1] == '_');
        }
        return plain ? name : Expand(name);
    }

    private static string Expand(string name)
    {
        var text = new StringBuilder(name.Length + 16);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '_' && i + 1 < name.Length && name[i + 1] == '_')
            {
                text.Append("__underscores__");
                i++;
                continue;
            }
            text.Append(name[i] switch
            {
                '.' => "__dot__",
                '-' => "__dash__",
                '/' => "__slash__",
                var c => c.ToString(),
            });
        }
        return text.ToString();
    }
}
