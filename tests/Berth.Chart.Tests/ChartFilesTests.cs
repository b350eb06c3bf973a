using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>What the chart holds a copy of, and what it says about itself, is true.</summary>
public partial class ChartFilesTests
{
    [Theory]
    [InlineData("crds", "crds", "*.yaml")]
    [InlineData("deploy/dashboards", "dashboards", "*.json")]
    [InlineData("deploy/alerts", "alerts", "*.yaml")]
    public void Copies_equal_their_source(string source, string copy, string pattern)
    {
        var originals = Directory.GetFiles(Path.Combine(Chart.Root, source), pattern);
        var copies = Path.Combine(Chart.Folder, "files", copy);
        Assert.NotEmpty(originals);
        Assert.Equal(originals.Select(Path.GetFileName).Order(), Directory.GetFiles(copies).Select(Path.GetFileName).Order());
        Assert.All(originals, o => Assert.True(File.ReadAllText(o) == File.ReadAllText(Path.Combine(copies, Path.GetFileName(o))), $"charts/berth/files/{copy}/{Path.GetFileName(o)} is not {source}/{Path.GetFileName(o)}; copy it"));
    }

    [Fact]
    public void Every_value_is_in_the_table_and_in_the_schema()
    {
        var values = Chart.Documents(Chart.Read("charts/berth/values.yaml")).Single();
        var schema = JsonNode.Parse(Chart.Read("charts/berth/values.schema.json"))!.AsObject();
        var rows = Row().Matches(Chart.Read("charts/berth/README.md")).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var leaves = Leaves(values, schema, "").ToList();
        Assert.Equal(leaves.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_value_has_a_comment()
    {
        var lines = Chart.Read("charts/berth/values.yaml").Split('\n');
        var schema = JsonNode.Parse(Chart.Read("charts/berth/values.schema.json"))!.AsObject();
        var names = Leaves(Chart.Documents(Chart.Read("charts/berth/values.yaml")).Single(), schema, "").Select(l => l.Split('.')[^1]).ToHashSet(StringComparer.Ordinal);
        for (var i = 1; i < lines.Length; i++)
            if (Key().Match(lines[i]) is { Success: true } key && names.Contains(key.Groups[1].Value) && !lines[i].EndsWith(':'))
                Assert.True(lines[i - 1].TrimStart().StartsWith('#'), $"values.yaml line {i + 1}: {key.Groups[1].Value} has no comment above it");
    }

    // A leaf is what the schema does not know the keys of.
    private static IEnumerable<string> Leaves(JsonObject values, JsonObject schema, string prefix)
    {
        foreach (var (name, value) in values)
        {
            Assert.True(schema["properties"]?[name] is not null, $"values.schema.json does not know {prefix}{name}");
            var known = schema["properties"]![name]!.AsObject();
            if (value is JsonObject inner && known["properties"] is not null) foreach (var leaf in Leaves(inner, known, $"{prefix}{name}.")) yield return leaf;
            else yield return prefix + name;
        }
    }

    [GeneratedRegex(@"^\| `([\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^ *(\w+):")]
    private static partial Regex Key();
}
