using System.Text;

namespace Berth.Cli.Dev.Stack;

/// <summary>D/env: one KEY=value a line, to be sourced by a shell; values with blanks are quoted.</summary>
internal static class EnvironmentFile
{
    public static void Write(string path, IEnumerable<KeyValuePair<string, string>> values)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in values) text.Append(key).Append('=').Append(Quote(value)).Append('\n');
        InstanceDirectory.Replace(path, text.ToString());
    }

    public static IReadOnlyDictionary<string, string> Read(string path) => File.ReadAllLines(path)
        .Select(l => l.Split('=', 2))
        .Where(p => p.Length == 2)
        .ToDictionary(p => p[0], p => Unquote(p[1]), StringComparer.Ordinal);

    private static string Quote(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:,=@%+".Contains(c, StringComparison.Ordinal))
        ? value
        : "'" + value.Replace("'", @"'\''", StringComparison.Ordinal) + "'";

    private static string Unquote(string value) => value.StartsWith('\'') && value.EndsWith('\'') && value.Length > 1
        ? value[1..^1].Replace(@"'\''", "'", StringComparison.Ordinal)
        : value;
}
