using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Kubernetes.Conformance.Model;

public class ManagedFieldsTests
{
    [Theory]
    [InlineData("""{"metadata":{"managedFields":[{"a":{"b":[1]}}]}}""")]
    [InlineData("""{"metadata":{"managedFields":[{"a":{}}] , "name":"n"}}""")]
    [InlineData("""{"kind":"X","metadata":{"name":"n", "managedFields" : [{"a":"}]"}],"uid":"u"},"spec":{"managedFields":[1]}}""")]
    [InlineData("""{"metadata":{"name":"n","managedFields":[]},"data":{"managedFields":"kept"}}""")]
    [InlineData("""{"metadata":{"name":"n","labels":{"managedFields":"kept"}}}""")]
    [InlineData("""{"data":{"x":"\"managedFields\""}}""")]
    [InlineData("""{"metadata":null,"managedFields":1}""")]
    public void Only_they_are_cut_and_only_from_the_metadata(string json)
    {
        var expected = JsonNode.Parse(json)!;
        (expected["metadata"] as JsonObject)?.Remove("managedFields");
        var type = new ResourceType<JsonObject>("", "v1", "xs", "X", true, KubernetesJson.Default.JsonObject, static _ => default);
        Assert.True(JsonNode.DeepEquals(expected, ManagedFields.Read(Encoding.UTF8.GetBytes(json), type)));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), ManagedFields.Read(Encoding.UTF8.GetBytes(json), Resources.Dynamic("", "v1", "xs", "X", true))));
    }
}
