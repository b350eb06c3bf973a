using Berth.Api.Schema;
using Xunit;

namespace Berth.Api.Tests.Schema;

public class GeneratedFilesTests
{
    public static TheoryData<string> Paths() => [.. CrdGenerator.GenerateFiles().Select(f => f.Path)];

    [Theory, MemberData(nameof(Paths))]
    public void File_in_the_tree_is_what_the_types_say(string path)
    {
        var expected = CrdGenerator.GenerateFiles().Single(f => f.Path == path).Text;
        Assert.True(File.Exists(Path.Combine(Repository.Root, path)), $"{path} is missing; run ./dev generate");
        Assert.Equal(expected, File.ReadAllText(Path.Combine(Repository.Root, path)));
    }

    [Fact]
    public void There_is_a_definition_for_each_of_the_three_kinds() =>
        Assert.Equal(["AgentPool", "Approval", "Task"], CrdGenerator.Resources.Select(r => CrdGenerator.Definition(r)["spec"]!["names"]!["kind"]!.GetValue<string>()));

    [Fact]
    public void Two_runs_write_the_same_bytes() => Assert.Equal(CrdGenerator.GenerateFiles(), CrdGenerator.GenerateFiles());
}
