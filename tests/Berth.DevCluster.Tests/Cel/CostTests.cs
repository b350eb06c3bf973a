using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Cel;

/// <summary>What a kube-apiserver estimates for rules over unbounded and bounded schemas.</summary>
public sealed class CostTests
{
    private const string Number = """{"type":"number"}""";
    private const string Text = """{"type":"string"}""";
    private const string Flag = """{"type":"boolean"}""";
    private const string Thing = """{"type":"object","required":["required"],"properties":{"required":{"type":"string"},"optional":{"type":"string"}}}""";
    private const string IntOrString = """{"x-kubernetes-int-or-string":true}""";

    [Theory]
    [InlineData(Number, "self.all(x, true)", 4718591, 10, 32)]
    [InlineData(Text, "self.all(x, true)", 3145727, 20, 62)]
    [InlineData(Flag, "self.all(x, true)", 1887437, 5, 17)]
    [InlineData("""{"type":"array","items":{"type":"number"}}""", "self.all(x, true)", 3145727, 100, 302)]
    [InlineData(Thing, "self.all(x, true)", 555128, 50, 152)]
    [InlineData("""{"type":"string","format":"duration"}""", "self.all(x, true)", 2359295, 5, 17)]
    [InlineData("""{"type":"string","format":"date"}""", "self.all(x, true)", 725936, 15, 47)]
    [InlineData("""{"type":"string","format":"date-time"}""", "self.all(x, true)", 428963, 25, 77)]
    [InlineData(IntOrString, "self.all(x, true)", 4718591, 10, 32)]
    [InlineData(IntOrString, "self[0] == 5", 3, 10, 3)]
    [InlineData(Number, "self[1] == 0.0", 2, 5000, 2)]
    [InlineData(Text, "self[1] == self[1]", 314577, 8, 314577)]
    [InlineData(Number, "self.all(x, self.all(y, true))", ulong.MaxValue, 10, 352)]
    [InlineData(Number, "self.all(x, self.all(y, self.all(z, true)))", ulong.MaxValue, 10, 3552)]
    [InlineData(Number, "self.all(x, x == 0.0)", 6291454, 6291456, 25165826)]
    [InlineData("""{"type":"array","items":{"type":"number"}}""", "self[0][0] == -1.0", 3, 51, 3)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"number"}}""", "self.all(x, x.y == 25.2)", 6291452, 12, 74)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"number"}}""", "self[0].x > 2.0", 4, 3000, 4)]
    [InlineData("""{"type":"string","format":"duration"}""", "self[0].getHours() == 2", 4, 525, 4)]
    [InlineData(Flag, "self[0] == false", 2, 25, 2)]
    public void Arrays(string item, string rule, ulong unbounded, long bound, ulong bounded)
    {
        Expect("{\"type\":\"array\",\"items\":" + item + "}", rule, unbounded);
        Expect("{\"type\":\"array\",\"maxItems\":" + bound + ",\"items\":" + item + "}", rule, bounded);
    }

    [Theory]
    [InlineData(Number, "self.all(x, true)", 1348169, 10, 32)]
    [InlineData(Text, "self.all(x, true)", 1179647, 3, 11)]
    [InlineData(Flag, "self.all(x, true)", 943718, 100, 302)]
    [InlineData(Thing, "self.all(x, true)", 428963, 20, 62)]
    [InlineData("""{"type":"object","additionalProperties":{"type":"number"}}""", "self.all(x, true)", 1179647, 10, 32)]
    [InlineData("""{"type":"string","format":"duration"}""", "self.all(x, true)", 1048577, 4, 14)]
    [InlineData(Number, "self['x'] == 0.0", 2, 0, 2)]
    public void Maps(string value, string rule, ulong unbounded, long bound, ulong bounded)
    {
        Expect("{\"type\":\"object\",\"additionalProperties\":" + value + "}", rule, unbounded);
        Expect("{\"type\":\"object\",\"maxProperties\":" + bound + ",\"additionalProperties\":" + value + "}", rule, bounded);
    }

    [Theory]
    [InlineData("self.contains('test')", 314574, 10, 5)]
    [InlineData("self.startsWith('test')", 2, 15, 2)]
    [InlineData("self.endsWith('test')", 2, 30, 2)]
    [InlineData("size(self + 'hello') > size('hello')", 314578, 4, 7)]
    [InlineData("self.matches('x')", 314574, 50, 22)]
    [InlineData("''.matches('(((((((((())))))))))[0-9]')", 7, 10, 7)]
    [InlineData("self.matches('')", 1, 100, 1)]
    [InlineData("self == 'x'", 2, 0, 1)]
    public void Strings(string rule, ulong unbounded, long bound, ulong bounded)
    {
        Expect(Text, rule, unbounded);
        Expect("{\"type\":\"string\",\"maxLength\":" + bound + "}", rule, bounded);
    }

    private static void Expect(string schema, string rule, ulong expected)
    {
        var decl = SchemaDecl.Of(StructuralSchema.Parse(JsonNode.Parse(schema)!), resourceRoot: false)!;
        var estimate = CelCostEstimator.Estimate(Expressions.Compile(rule, [KeyValuePair.Create("self", decl)]));

        // Beyond the limit of a rule only that it is beyond matters.
        Assert.Equal(expected == ulong.MaxValue, estimate > 100_000_000);
        if (expected != ulong.MaxValue)
            Assert.Equal(expected, estimate);
    }
}
