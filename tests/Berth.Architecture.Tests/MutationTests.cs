using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Architecture.Tests;

/// <summary>
/// The guards that <c>./dev test mutation</c> breaks on purpose. It takes minutes; that each patch still fits the code and names a test that is
/// there is checked here, so that it cannot rot.
/// </summary>
public sealed partial class MutationTests
{
    private static readonly string[] Lineless = ["---", "+++", "@@"];

    public static TheoryData<string> Patches => [.. Repository.Files("tests/mutations", "*.patch").Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Patches))]
    public void A_mutation_fits_the_code_and_names_its_test(string patch)
    {
        var text = Repository.Read(patch);
        Assert.Matches(@"\AGuard: .+\n", text);
        var test = TestLine().Match(text);
        Assert.True(test.Success, "the second line must read: Test: PROJECT PATTERN");
        var name = test.Groups["pattern"].Value.Trim('*');
        Assert.Contains(Repository.Files($"tests/{test.Groups["project"].Value}", "*.cs"), f => Repository.Read(f).Contains(name, StringComparison.Ordinal));
        var target = FileLine().Match(text).Groups["path"].Value;
        foreach (var hunk in Hunk().Split(text).Skip(1))
        {
            var lines = hunk.Split('\n').Where(l => l.Length > 0 && !Lineless.Any(l.StartsWith)).ToList();
            var old = string.Join('\n', lines.Where(l => l[0] is ' ' or '-').Select(l => l[1..]));
            Assert.True(Repository.Read(target).Contains(old, StringComparison.Ordinal), $"{patch} no longer fits {target}; break the same guard there and write the patch anew");
            Assert.Contains(lines, l => l[0] == '+');
        }
    }

    [Fact]
    public void The_list_in_the_documentation_is_complete()
    {
        var page = Repository.Read("docs/recovery.md");
        Assert.All(Patches.Select(p => p.Data), p => Assert.Contains($"`{Path.GetFileNameWithoutExtension(p)}`", page, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^Test: (?<project>Berth\.[A-Za-z.]+) (?<pattern>\S+)$", RegexOptions.Multiline)]
    private static partial Regex TestLine();

    [GeneratedRegex(@"^--- a/(?<path>\S+)$", RegexOptions.Multiline)]
    private static partial Regex FileLine();

    [GeneratedRegex(@"^@@ .*@@.*\n", RegexOptions.Multiline)]
    private static partial Regex Hunk();
}
