using Berth.Cli.Verbs.Completion;
using Xunit;

namespace Berth.Cli.Tests.Verbs;

public class CompletionTests
{
    [Fact]
    public void Verbs_are_completed_by_their_beginning()
    {
        Assert.Equal(["plan", "pool"], Of("p"));
        Assert.Contains("doctor", Of(""));
        Assert.DoesNotContain("supervise", Of("dev", ""));
    }

    [Fact]
    public void Subcommands_options_and_fixed_words_are_completed()
    {
        Assert.Equal(["drain", "rebalance", "undrain"], Of("pool", ""));
        Assert.Contains("--dry-run", Of("stop", "--"));
        Assert.Equal(["failed"], Of("resolve", "a", "f"));
        Assert.Contains("yaml", Of("get", "-o", "y"));
        Assert.Equal(["Failed"], Of("history", "--phase", "F"));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("kubectl")]
    public async Task There_is_a_script_for(string shell) => Assert.Equal(ExitCodes.Done, await BerthCommand.RunAsync(["completion", shell]));

    private static IReadOnlyList<string> Of(params string[] words) => [.. CompletionCommand.Candidates(BerthCommand.Create(), words)];
}
