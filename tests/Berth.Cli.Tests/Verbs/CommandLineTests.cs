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
