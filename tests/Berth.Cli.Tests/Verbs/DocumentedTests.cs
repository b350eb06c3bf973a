using System.CommandLine;
using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Cli.Tests.Verbs;

/// <summary>Pages name verbs, options and exit codes that exist, and docs/cli.md names all of them.</summary>
public partial class DocumentedTests
{
    private static readonly string Root = Find(AppContext.BaseDirectory);
    private static readonly Command Berth = BerthCommand.Create();

    public static TheoryData<string> Pages() => [.. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Root, "README.md")).Select(p => Path.GetRelativePath(Root, p)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void Verbs_that_a_page_tells_to_type_exist(string page)
    {
        var wrong = Call().Matches(File.ReadAllText(Path.Combine(Root, page))).Select(m => m.Groups[1].Value).Select(WhyNot).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        Assert.True(wrong.Count == 0, $"{page}: {string.Join("; ", wrong)}");
    }

    [Fact]
    public void The_page_of_the_command_line_has_every_verb_and_every_exit_code()
    {
        var page = File.ReadAllText(Path.Combine(Root, "docs/cli.md"));
        Assert.All(Berth.Subcommands.Where(c => !c.Hidden), c => Assert.Contains($"`{c.Name}", page, StringComparison.Ordinal));
        foreach (var code in typeof(ExitCodes).GetFields().Select(f => (int)f.GetRawConstantValue()!)) Assert.Contains($"| {code} |", page, StringComparison.Ordinal);
    }

    // `berth pool drain POD --wait 0`: the words that are no names must be verbs, the options must be theirs.
    private static string? WhyNot(string call)
    {
        var at = Berth;
        foreach (var word in call.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (at.Subcommands.FirstOrDefault(c => c.Name == word) is { } next) at = next;
            else if (at.Subcommands.Count > 0 && !word.StartsWith('-')) return $"'berth {call}': there is no verb '{word}'";
            else if (word.StartsWith("--", StringComparison.Ordinal) && !Options(at).Contains(word.Split('=')[0])) return $"'berth {call}': there is no option {word}";
        }
        return null;
    }

    private static IEnumerable<string> Options(Command command) => command.Options.Concat(Berth.Options).SelectMany(o => o.Aliases.Prepend(o.Name)).Append("--help");

    private static string Find(string from) => File.Exists(Path.Combine(from, "Operator.sln")) ? from : Find(Directory.GetParent(from)!.FullName);

    [GeneratedRegex(@"`(?:kubectl )?berth ([a-z][^`]*)`")]
    private static partial Regex Call();
}
