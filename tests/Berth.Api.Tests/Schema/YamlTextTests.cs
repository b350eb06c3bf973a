using System.Text.Json.Nodes;
using Berth.Api.Schema;
using Xunit;

namespace Berth.Api.Tests.Schema;

public class YamlTextTests
{
    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("true", "\"true\"")]
    [InlineData("No", "\"No\"")]
    [InlineData("10m", "\"10m\"")]
    [InlineData("a: b", "\"a: b\"")]
    [InlineData("a #b", "\"a #b\"")]
    [InlineData("ends:", "\"ends:\"")]
    [InlineData("", "\"\"")]
    [InlineData("!has(self.a)", "\"!has(self.a)\"")]
    [InlineData("[a]", "\"[a]\"")]
    [InlineData(".5", "\".5\"")]
    [InlineData(".spec.type", ".spec.type")]
    [InlineData("say \"x\"", "\"say \\\"x\\\"\"")]
    public void Text_is_quoted_where_YAML_would_read_something_else(string value, string written) =>
        Assert.Equal($"key: {written}\n", YamlText.Write(new JsonObject { ["key"] = value }));

    [Fact]
    public void Maps_lists_and_long_texts_are_written_in_block_style()
    {
        var document = new JsonObject
        {
            ["empty"] = new JsonObject(),
            ["list"] = new JsonArray(new JsonObject { ["a"] = 1, ["b"] = new JsonArray("x") }, "last"),
            ["text"] = "one\n- two",
        };
        Assert.Equal("empty: {}\nlist:\n- a: 1\n  b:\n  - x\n- last\ntext: |-\n  one\n  - two\n", YamlText.Write(document));
    }
}
