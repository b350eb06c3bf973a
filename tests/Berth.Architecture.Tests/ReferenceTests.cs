using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Berth.Architecture.Tests;

public partial class ReferenceTests
{
    [Fact]
    public void Projects_use_what_the_architecture_page_allows()
    {
        var allowed = Allowed();
        var actual = Repository.Files("src", "*.csproj").ToDictionary(p => Path.GetFileNameWithoutExtension(p), References, StringComparer.Ordinal);
        Assert.Equal(allowed.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach (var (project, uses) in actual) Assert.True(allowed[project].SetEquals(uses), $"{project} uses {string.Join(' ', uses)}; docs/architecture.md says {string.Join(' ', allowed[project])}");
    }

    [Fact]
    public void Nothing_in_src_uses_a_test_project() =>
        Assert.All(Repository.Files("src", "*.csproj"), p => Assert.DoesNotContain("/tests/", Repository.Read(p), StringComparison.Ordinal));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Operator.sln");
        Assert.All(Repository.Files("src", "*.csproj").Concat(Repository.Files("tests", "*.csproj")), p => Assert.Contains(Path.GetFileName(p), solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_project_with_tests_is_in_the_default_run()
    {
        var run = Repository.Read("scripts/test.sh").Split('\n').Single(l => l.StartsWith("default_suites()", StringComparison.Ordinal));
        var suites = Repository.Files("tests", "*.csproj").Where(p => Repository.Read(p).Contains("\"xunit.v3\"", StringComparison.Ordinal)).Select(p => Path.GetFileNameWithoutExtension(p));
        Assert.All(suites, s => Assert.Contains($" {s}", run, StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_of_packages_are_central_exact_and_locked()
    {
        foreach (var project in Repository.Files("src", "*.csproj").Concat(Repository.Files("tests", "*.csproj")))
        {
            Assert.All(XDocument.Parse(Repository.Read(project)).Descendants("PackageReference"), p => Assert.Null(p.Attribute("Version")));
            Assert.True(Repository.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")), $"{project} has no lock file");
        }
        Assert.All(XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion"), p => Assert.DoesNotContain('*', p.Attribute("Version")!.Value));
    }

    private static List<string> References(string project) => XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
        .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
        .ToList();

    private static Dictionary<string, HashSet<string>> Allowed() => TableRow().Matches(Repository.Read("docs/architecture.md"))
        .ToDictionary(m => m.Groups[1].Value, m => Project().Matches(m.Groups[2].Value).Select(p => p.Groups[1].Value).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    [GeneratedRegex(@"^\| `(Berth\.\w+)` \|[^|]*\|([^|]*)\|$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`(Berth\.\w+)`")]
    private static partial Regex Project();
}
