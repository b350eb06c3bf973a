using Berth.Cli.Output;
using Berth.Cli.Verbs.Decide;
using Berth.Cli.Yaml;
using Xunit;

namespace Berth.Cli.Tests.Verbs;

public class CommandLineTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(Digest, true)]
    [InlineData("sha256:0123456789ab", true)]
    [InlineData("0123456789ab", true)]
    [InlineData("0123456789a", false)]
    [InlineData("sha256:", false)]
    [InlineData("0123456789ac", false)]
    [InlineData("", false)]
    public void A_digest_is_meant_by_at_least_twelve_digits(string meant, bool isMeant) => Assert.Equal(isMeant, ApproveCommand.IsMeant(Digest, meant));

    [Theory]
    [InlineData("approve")]
    [InlineData("get", "-o", "xml")]
    [InlineData("resolve", "a", "perhaps")]
    [InlineData("dev", "up")]
    [InlineData("dev", "up", "--dir", "d", "--replicas", "0")]
    [InlineData("nonsense")]
    public async Task A_wrong_command_line_is_exit_code_2(params string[] words) => Assert.Equal(ExitCodes.Usage, await BerthCommand.RunAsync(words));

    [Theory]
    [InlineData("get", "tasks")]
    [InlineData("approve", "a", "--digest", "0123456789ab")]
    [InlineData("logs", "a")]
    public async Task Without_a_cluster_it_is_exit_code_1(params string[] words) =>
        Assert.Equal(ExitCodes.Failed, await BerthCommand.RunAsync([.. words, "--kubeconfig", "/nowhere/kubeconfig"]));

    // No word of the runtime reaches people, and each message says what to do.
    [Theory]
    [InlineData("--limit takes a number", "history", "--limit", "many")]
    [InlineData("--limit takes a number", "history", "--limit", "0")]
    [InlineData("0 or more", "stop", "a", "--wait", "long")]
    [InlineData("1 or more", "top", "--interval", "often")]
    [InlineData("1 to 9", "dev", "up", "--dir", "d", "--replicas", "some")]
    [InlineData("0 or more", "logs", "a", "--offset", "-1")]
    [InlineData("There is no file", "verify", "/nowhere/backup.zip")]
    [InlineData("no backup of Berth", "verify", "FILE")]
    [InlineData("no backup of Berth", "restore", "FILE", "--kubeconfig", "KUBECONFIG")]
    [InlineData("There is no directory", "backup", "/nowhere/at/all.zip")]
    [InlineData("does not exist; mount", "verify", "--postgres", "Host=h", "--keys-directory", "/nowhere", "--kubeconfig", "KUBECONFIG")]
    [InlineData("cannot be read", "verify", "--postgres", "nonsense", "--kubeconfig", "KUBECONFIG")]
    [InlineData("exclude each other", "history", "--statistics", "--actions", "--kubeconfig", "KUBECONFIG")]
    [InlineData("not by --pool", "history", "--actions", "--pool", "p", "--kubeconfig", "KUBECONFIG")]
    [InlineData("not by --verb", "history", "--verb", "stop", "--kubeconfig", "KUBECONFIG")]
    [InlineData("not by --since", "history", "a", "--since", "7d", "--kubeconfig", "KUBECONFIG")]
    [InlineData("is no time", "history", "--since", "yesterday", "--kubeconfig", "KUBECONFIG")]
    [InlineData("no address of an operator", "queue", "--operator-url", "nonsense", "--kubeconfig", "KUBECONFIG")]
    public async Task A_mistake_is_said_in_words(string said, params string[] words)
    {
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch.File("FILE"), "this is no archive", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(scratch.File("KUBECONFIG"), """{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u","user":{"token":"t"}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"current-context":"x"}""", TestContext.Current.CancellationToken);
        var (code, output, error) = await Captured.RunAsync([.. words.Select(w => w is "FILE" or "KUBECONFIG" ? scratch.File(w) : w)], null);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.True(code is ExitCodes.Usage or ExitCodes.Failed, $"exit code {code}: {output}{error}");
        foreach (var word in new[] { "System.", "(Parameter", "Exception", "   at " }) Assert.DoesNotContain(word, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_look_like_kubectls() =>
        Assert.Equal("NAME      PHASE\nnetwork   Succeeded\n", TextTable.Write(["Name", "Phase"], [["network", "Succeeded"]]));

    [Fact]
    public void Plain_scalars_have_the_types_that_kubectl_gives_them()
    {
        var read = Assert.Single(YamlDocuments.Read("a: 1\nb: true\nc: \"1\"\nd: 10m\ne:\nf: [x, 2]\ng: 1.5\nh: 0x\n"));
        Assert.Equal("""{"a":1,"b":true,"c":"1","d":"10m","e":null,"f":["x",2],"g":1.5,"h":"0x"}""", read.ToJsonString());
    }
}
