using System.Text;
using System.Text.Json;
using Xunit;

namespace Berth.Api.Tests.Common;

public sealed class SharedTextTests
{
    [Theory]
    [InlineData("Applied", true)]
    [InlineData("planned, then \\\"quoted\\\"", false)]
    [InlineData("größer", false)]
    [InlineData("", true)]
    public void Equal_texts_are_read_as_they_are_and_plain_ones_as_one_string(string json, bool one)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"reason":"{{json}}","message":"{{json}}"}""");
        var status = JsonSerializer.Deserialize(bytes, BerthJson.Default.TaskStatus)!;
        var wanted = JsonDocument.Parse(bytes).RootElement.GetProperty("reason").GetString();
        Assert.Equal((wanted, wanted), (status.Reason, status.Message));
        Assert.Equal(one, ReferenceEquals(status.Reason, status.Message));
    }

    [Fact]
    public void Many_texts_stay_different()
    {
        var texts = Enumerable.Range(0, 50_000).Select(i => $"text {i}").ToList();
        var read = texts.Select(t => JsonSerializer.Deserialize(Encoding.UTF8.GetBytes($$"""{"message":"{{t}}"}"""), BerthJson.Default.TaskStatus)!.Message);
        Assert.Equal(texts, read);
    }

    [Fact]
    public void Keys_of_maps_and_nulls_are_read_and_written()
    {
        var read = JsonSerializer.Deserialize("""{"metadata":{"name":"a","labels":{"app":"x"},"generateName":null},"spec":{}}""", BerthJson.Default.TaskResource)!;
        Assert.Equal("x", read.Metadata.Labels!["app"]);
        Assert.Contains("\"labels\":{\"app\":\"x\"}", JsonSerializer.Serialize(read, BerthJson.Default.TaskResource), StringComparison.Ordinal);
    }
}
