using System.Diagnostics;
using Berth.Cli.Dev.Stack;
using Xunit;

namespace Berth.Cli.Tests.Dev;

public class EnvironmentFileTests
{
    private static readonly Dictionary<string, string> Values = new()
    {
        ["PLAIN"] = "postgresql://postgres@127.0.0.1:5432/berth",
        ["LIST"] = "12 13",
        ["EMPTY"] = "",
        ["ODD"] = "it's $HOME `id` \"x\" \\ ; #",
    };

    [Fact]
    public void What_is_written_is_read()
    {
        using var scratch = new Scratch();
        EnvironmentFile.Write(scratch.File("env"), Values);
        Assert.Equal(Values, EnvironmentFile.Read(scratch.File("env")));
    }

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LIST")]
    [InlineData("EMPTY")]
    [InlineData("ODD")]
    public async Task A_shell_that_sources_it_has_the_values(string name)
    {
        using var scratch = new Scratch();
        EnvironmentFile.Write(scratch.File("env"), Values);
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $". {scratch.File("env")}; printf %s \"${name}\""]) { RedirectStandardOutput = true })!;
        Assert.Equal(Values[name], await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_list_of_one_needs_no_quotes()
    {
        using var scratch = new Scratch();
        EnvironmentFile.Write(scratch.File("env"), new Dictionary<string, string> { ["A"] = "1", ["B"] = "1 2" });
        Assert.Equal("A=1\nB='1 2'\n", File.ReadAllText(scratch.File("env")));
    }
}
