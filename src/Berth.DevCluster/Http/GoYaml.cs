using YamlDotNet.Core;

namespace Berth.DevCluster.Http;

/// <summary>Says what is wrong with a YAML text as Go's reader does: the line, counted from 0 where it stands and from 1 at the end, and the problem alone.</summary>
internal static class GoYaml
{
    public static string Complaint(YamlException error)
    {
        var line = (int)error.Start.Line - 1;
        var message = error.Message.TrimEnd('.');
        var comma = message.LastIndexOf(", ", StringComparison.Ordinal);
        var problem = comma < 0 ? message : message[(comma + 2)..];
        return "yaml: " + (line > 0 ? $"line {line}: " : "") + problem;
    }
}
