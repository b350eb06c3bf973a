using System.Text.Json.Nodes;
using Berth.Api.Schema;
using Xunit;

namespace Berth.Api.Tests.Schema;

public class RuleCostTests
{
    public static TheoryData<Type> Kinds() => [.. CrdGenerator.Resources];

    [Theory, MemberData(nameof(Kinds))]
    public void Rules_stay_far_below_the_budget_of_a_real_server(Type kind)
    {
        var costs = RuleCost.Of(Definitions.Root(CrdGenerator.Definition(kind))).ToList();
        Assert.All(costs, c => Assert.True(c.Cost < RuleCost.PerRule / 10, $"{c.Rule} may cost {c.Cost:N0}"));
        Assert.True(costs.Sum(c => c.Cost) < RuleCost.PerDefinition / 10);
    }

    [Fact]
    public void A_long_string_in_a_list_costs_its_bytes_times_the_items()
    {
        var cost = Assert.Single(RuleCost.Of(Listed(maxItems: 100, maxLength: 1000, "self.name == oldSelf.name"))).Cost;
        Assert.InRange(cost, 100 * 0.1 * 4 * 1000, 100 * 0.1 * 4 * 1000 * 3);
    }

    [Fact]
    public void An_unbounded_string_in_a_list_is_refused()
    {
        var definition = Definitions.Of<ApprovalResource>();
        definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"] = Listed(maxItems: 100, maxLength: null, "self.name == oldSelf.name");
        var error = Assert.Throws<InvalidOperationException>(() => RuleCost.Check(definition));
        Assert.Contains("self.name == oldSelf.name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_macro_over_a_list_costs_each_item()
    {
        var schema = Parsed("""{"type":"object","properties":{"codes":{"type":"array","maxItems":1000,"items":{"type":"integer"}}},"x-kubernetes-validations":[{"rule":"self.codes.all(c, c > 0)"}]}""");
        Assert.True(Assert.Single(RuleCost.Of(schema)).Cost >= 1000);
    }

    private static JsonObject Listed(int maxItems, int? maxLength, string rule)
    {
        var name = new JsonObject { ["type"] = "string" };
        if (maxLength is not null) name["maxLength"] = maxLength;
        var item = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { ["name"] = name },
            ["x-kubernetes-validations"] = new JsonArray(new JsonObject { ["rule"] = rule }),
        };
        var list = new JsonObject { ["type"] = "array", ["maxItems"] = maxItems, ["items"] = item };
        return Parsed(new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["list"] = list } }.ToJsonString());
    }

    private static JsonObject Parsed(string json) => JsonNode.Parse(json)!.AsObject();
}
