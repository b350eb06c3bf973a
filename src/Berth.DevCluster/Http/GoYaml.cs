using YamlDotNet.Core;

namespace Berth.DevCluster.Http;

/// <summary>Says what is wrong with a YAML text as Go's reader does: its line, where it is not the first, and the problem alone.</summary>
internal static class GoYaml
{
    public static string Complaint(YamlException error)
    {
        var line = (int)error.Start.Line - 1;
        var message = error.Message.TrimEnd('.');
        var comma = message.LastIndexOf(", ", StringComparison.Ordinal);
        var problem = comma < 0 ? message : message[(comma + 2)..].Trim();
        // What the readers call differently.
        if (problem == "found invalid tab as indentation") (problem, line) = ("found character that cannot start any token", (int)error.End.Line + 1);
        return "yaml: " + (line > 0 ? $"line {line}: " : "") + problem;
    }
}
