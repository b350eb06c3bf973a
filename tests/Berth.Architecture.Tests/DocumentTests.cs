using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Architecture.Tests;

/// <summary>What README and the pages below docs/ claim about the tree is true.</summary>
public partial class DocumentTests
{
    public static TheoryData<string> Pages() => [.. Repository.Files("", "*.md").Where(p => !p.StartsWith("docs/reference/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void Files_named_on_a_page_exist(string page)
    {
        var missing = NamedPath().Matches(Repository.Read(page)).Select(m => m.Groups[1].Value).Where(p => !Repository.Exists(p)).ToList();
        Assert.True(missing.Count == 0, $"{page} names {string.Join(", ", missing)}");
    }

    [Theory, MemberData(nameof(Pages))]
    public void Links_lead_somewhere(string page)
    {
        var folder = Path.GetDirectoryName(page)!;
        var missing = Link().Matches(Repository.Read(page)).Select(m => m.Groups[1].Value)
            .Where(l => !l.Contains("://", StringComparison.Ordinal) && !l.StartsWith('#'))
            .Where(l => !Repository.Exists(Path.Combine(folder, l.Split('#')[0])))
            .ToList();
        Assert.True(missing.Count == 0, $"{page} links to {string.Join(", ", missing)}");
    }

    [Theory, MemberData(nameof(Pages))]
    public void Verbs_of_dev_exist(string page)
    {
        var known = DevVerb().Matches(Repository.Read("scripts/common.sh")).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("demo", known);
        var unknown = DevCall().Matches(Repository.Read(page)).Select(m => m.Groups[1].Value).Where(v => !known.Contains(v)).ToList();
        Assert.True(unknown.Count == 0, $"{page} calls ./dev {string.Join(", ", unknown)}");
    }

    [Fact]
    public void Decisions_are_one_page_each_and_say_what_would_change_them()
    {
        foreach (var page in Repository.Files("docs/adr", "*.md"))
        {
            var text = Repository.Read(page);
            foreach (var heading in new[] { "## Context", "## Decision", "## Consequences", "## What would change our mind" })
                Assert.True(text.Contains(heading, StringComparison.Ordinal), $"{page} lacks '{heading}'");
            Assert.True(text.Count(c => c == '\n') <= 80, $"{page} is longer than a page");
        }
    }

    [GeneratedRegex(@"`((?:src|tests|scripts|docs|deploy|crds|charts)/[\w./-]+)`")]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^  ([a-z]+) ", RegexOptions.Multiline)]
    private static partial Regex DevVerb();

    [GeneratedRegex(@"\./dev ([a-z]+)")]
    private static partial Regex DevCall();
}
