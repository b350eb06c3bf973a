using System.Text;
using Berth.Agent.Attempts;
using Berth.Agent.Plans;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Tests;

/// <summary>When two plans say the same, so that one approval does for both: what counts, what is left out, and what is never equal.</summary>
public sealed class MeaningTests
{
    private const string Plan = """
        {"format_version":"1.2","terraform_version":"1.9.0","timestamp":"2030-01-01T00:00:00Z","complete":true,"errored":false,"applyable":true,"deferred_changes":[],
         "variables":{"who":{"value":"world"},"password":{"value":"s3cret"}},
         "planned_values":{"outputs":{"open":{"sensitive":false,"value":"o1"},"token":{"sensitive":true,"value":"t1"}},
           "root_module":{"resources":[{"address":"a.one","values":{"input":"hello","timestamp":"inner"},"sensitive_values":{}}],
             "child_modules":[{"resources":[{"address":"module.m.a.two","values":{"key":"k1","list":[{"p":"p1"}]},"sensitive_values":{"key":true,"list":[{"p":true}]}}]}]}},
         "resource_changes":[{"address":"a.one","mode":"managed","change":{"actions":["create"],"before":null,"after":{"input":"hello"},"after_unknown":{"id":true},"before_sensitive":false,"after_sensitive":{}}}],
         "resource_drift":[{"address":"a.old","change":{"actions":["update"],"before":{"size":1},"after":{"size":2},"before_sensitive":{},"after_sensitive":{}}}],
         "output_changes":{"open":{"actions":["create"],"before":null,"after":"o1","after_sensitive":false},"token":{"actions":["create"],"before":null,"after":"t1","after_sensitive":true}},
         "prior_state":{"values":{"outputs":{},"root_module":{"resources":[{"address":"a.old","values":{"size":1},"sensitive_values":{}}]}}},
         "configuration":{"root_module":{"variables":{"who":{},"password":{"sensitive":true}},"resources":[{"address":"a.one","mode":"managed","expressions":{"input":{"references":["var.who"]}}}]}}}
        """;

    [Theory]
    [InlineData("the moment of planning", "2030-01-01T00:00:00Z", "2031-02-02T00:00:00Z", true)]
    [InlineData("a value that happens to be called timestamp", "\"timestamp\":\"inner\"", "\"timestamp\":\"other\"", false)]
    [InlineData("the version of the tool", "\"terraform_version\":\"1.9.0\"", "\"terraform_version\":\"1.9.1\"", false)]
    [InlineData("the version of the form", "\"format_version\":\"1.2\"", "\"format_version\":\"1.3\"", false)]
    [InlineData("a variable", "\"who\":{\"value\":\"world\"}", "\"who\":{\"value\":\"moon\"}", false)]
    [InlineData("a sensitive variable", "s3cret", "s4cret", false)]
    [InlineData("an action", "\"actions\":[\"create\"],\"before\":null,\"after\":{\"input\"", "\"actions\":[\"delete\",\"create\"],\"before\":null,\"after\":{\"input\"", false)]
    [InlineData("a planned value", "\"values\":{\"input\":\"hello\"", "\"values\":{\"input\":\"bye\"", false)]
    [InlineData("a value that is known now", "\"after_unknown\":{\"id\":true}", "\"after_unknown\":{}", false)]
    [InlineData("a sensitive value of a module", "\"key\":\"k1\"", "\"key\":\"k2\"", false)]
    [InlineData("a sensitive value in a list", "\"p\":\"p1\"", "\"p\":\"p2\"", false)]
    [InlineData("a sensitive output", "\"sensitive\":true,\"value\":\"t1\"", "\"sensitive\":true,\"value\":\"t2\"", false)]
    [InlineData("an output", "\"sensitive\":false,\"value\":\"o1\"", "\"sensitive\":false,\"value\":\"o2\"", false)]
    [InlineData("what drifted", "\"after\":{\"size\":2}", "\"after\":{\"size\":3}", false)]
    [InlineData("the state before", "\"values\":{\"size\":1},\"sensitive_values\"", "\"values\":{\"size\":9},\"sensitive_values\"", false)]
    [InlineData("the configuration", "\"references\":[\"var.who\"]", "\"references\":[\"var.what\"]", false)]
    public void A_Terraform_plan_means_all_of_its_JSON_but_the_moment(string what, string before, string after, bool same)
    {
        Assert.Contains(before, Plan, StringComparison.Ordinal);
        Assert.True(same == (Terraform(Plan) == Terraform(Plan.Replace(before, after, StringComparison.Ordinal))), what);
    }

    [Theory]
    [InlineData("an incomplete plan", "\"complete\":true", "\"complete\":false")]
    [InlineData("a plan with errors", "\"errored\":false", "\"errored\":true")]
    [InlineData("deferred changes", "\"deferred_changes\":[]", "\"deferred_changes\":[{\"reason\":\"unknown\"}]")]
    [InlineData("an ephemeral variable", "\"password\":{\"sensitive\":true}", "\"password\":{\"ephemeral\":true}")]
    [InlineData("an ephemeral resource in the configuration", "\"address\":\"a.one\",\"mode\":\"managed\",\"expressions\"", "\"address\":\"a.one\",\"mode\":\"ephemeral\",\"expressions\"")]
    [InlineData("an ephemeral resource among the changes", "\"address\":\"a.one\",\"mode\":\"managed\",\"change\"", "\"address\":\"a.one\",\"mode\":\"ephemeral\",\"change\"")]
    [InlineData("a write-only argument", "{\"input\":{\"references\"", "{\"password_wo\":{\"references\"")]
    public void Plans_with_what_cannot_be_seen_are_never_equal(string what, string before, string after)
    {
        Assert.Contains(before, Plan, StringComparison.Ordinal);
        Assert.True(Terraform(Plan) is not null && Terraform(Plan.Replace(before, after, StringComparison.Ordinal)) is null, what);
    }

    [Fact]
    public void Another_state_or_another_task_is_another_meaning_and_an_unknown_state_none()
    {
        Assert.NotEqual(Terraform(Plan, state: "lineage/1"), Terraform(Plan, state: "lineage/2"));
        Assert.NotEqual(Terraform(Plan, state: "lineage/1"), Terraform(Plan, state: "other/1"));
        Assert.NotEqual(Terraform(Plan, key: "task-a"), Terraform(Plan, key: "task-b"));
        Assert.Null(TerraformPlan.Parse(Encoding.UTF8.GetBytes(Plan)).SemanticDigest("task-a", null));
    }

    [Fact]
    public async Task Equal_texts_are_never_called_equal_plans()
    {
        var description = await PlanDescription.OfAsync(new Assign { Describe = PlanDescriber.Text }, [], null!, () => ("the same words"u8.ToArray(), false), (_, _, _) => throw new InvalidOperationException("nothing is run"));
        Assert.Equal("the same words", Encoding.UTF8.GetString(description.Text!));
        Assert.Equal((null, null, null), (description.SemanticDigest, description.Counts, description.Problem));
    }

    [Theory]
    [InlineData("the order of keys", """{"text":"t","semantic":{"a":1,"b":[1,2]}}""", """{"semantic":{"b":[1,2],"a":1},"text":"t"}""", true)]
    [InlineData("the text and the counts, which semantic replaces", """{"text":"t","semantic":{"a":1}}""", """{"text":"other","add":9,"semantic":{"a":1}}""", true)]
    [InlineData("a value", """{"text":"t","semantic":{"a":1}}""", """{"text":"t","semantic":{"a":2}}""", false)]
    [InlineData("the order of a list", """{"text":"t","semantic":[1,2]}""", """{"text":"t","semantic":[2,1]}""", false)]
    [InlineData("the type of a value", """{"text":"t","semantic":"1"}""", """{"text":"t","semantic":1}""", false)]
    public async Task A_command_says_itself_what_its_plan_means(string what, string one, string other, bool same) =>
        Assert.True(same == ((await CommandAsync(one)).SemanticDigest is { } digest && digest == (await CommandAsync(other)).SemanticDigest), what);

    [Theory]
    [InlineData("""{"text":"t"}""")]
    [InlineData("""{"text":"t","semantic":null}""")]
    public async Task A_command_that_does_not_say_it_makes_no_equal_plans(string json)
    {
        var description = await CommandAsync(json);
        Assert.Equal((null, null), (description.Problem, description.SemanticDigest));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("""{"add":1}""")]
    [InlineData("""{"text":1}""")]
    [InlineData("""{"text":"t","add":"many"}""")]
    public async Task A_command_that_prints_anything_else_makes_no_plan_and_is_told_what_to_print(string output)
    {
        var description = await CommandAsync(output);
        Assert.Null(description.SemanticDigest);
        Assert.Contains("describeCommand must print one JSON object", description.Problem!, StringComparison.Ordinal);
    }

    private static string? Terraform(string json, string key = "task", string state = "lineage/1") => TerraformPlan.Parse(Encoding.UTF8.GetBytes(json)).SemanticDigest(key, state);

    private static Task<PlanDescription> CommandAsync(string prints) => PlanDescription.OfAsync(
        new Assign { Describe = PlanDescriber.Command, DescribeCommand = ["describe"] }, [], null!, () => ([], false),
        (_, _, limit) =>
        {
            var capture = new Capture(limit);
            capture.Add(Encoding.UTF8.GetBytes(prints));
            return Task.FromResult((capture, new StepEnded { Cause = StepCause.Exited, ExitCode = 0 }));
        });
}
