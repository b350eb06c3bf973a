using Berth.Api.Schema;

namespace Berth.Cli.Dev.Generate;

/// <summary>What the chart holds copies of (a chart cannot reach beyond its folder), and its page of values.</summary>
internal static class ChartFiles
{
    private const string Copies = "charts/berth/files";
    private const string Page = "charts/berth/README.md";

    /// <summary>Folders of the chart with nothing but copies.</summary>
    public static IReadOnlyList<string> Folders { get; } = [$"{Copies}/crds", $"{Copies}/dashboards", $"{Copies}/alerts"];

    /// <summary>The files, from the CRDs as they are generated and the rest as it lies in the tree.</summary>
    public static IEnumerable<GeneratedFile> Of(string root, IEnumerable<GeneratedFile> generated)
    {
        foreach (var crd in generated.Where(f => f.Path.StartsWith("crds/", StringComparison.Ordinal))) yield return new($"{Copies}/{crd.Path}", crd.Text);
        foreach (var folder in (string[])["dashboards", "alerts"])
            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "deploy", folder)).Order(StringComparer.Ordinal))
                yield return new($"{Copies}/{folder}/{Path.GetFileName(file)}", File.ReadAllText(file));
        yield return new(Page, ValuesTable.Into(File.ReadAllText(Path.Combine(root, Page)), File.ReadAllLines(Path.Combine(root, "charts/berth/values.yaml"))));
    }
}
