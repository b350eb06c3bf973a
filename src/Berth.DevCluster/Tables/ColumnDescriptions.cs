using System.Reflection;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tables;

/// <summary>What the columns of built-in kinds' tables say about themselves, as recorded from a real server.</summary>
internal static class ColumnDescriptions
{
    private static readonly Lazy<Dictionary<string, string>> Loaded = new(Load);

    /// <summary>The description of a column; empty when none is known.</summary>
    public static string Find(string group, string plural, string column) => Loaded.Value.GetValueOrDefault($"{group}/{plural}\t{column}", "");

    private static Dictionary<string, string> Load()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("table-columns.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#').Select(l => l.Split('\t'))
            .ToDictionary(l => $"{l[0]}\t{l[1]}", l => JsonNode.Parse(l[2])!.GetValue<string>(), StringComparer.Ordinal);
    }
}
