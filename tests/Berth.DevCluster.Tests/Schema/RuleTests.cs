using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Schema;

public sealed class RuleTests
{
    private static readonly FieldPath At = FieldPath.Of("spec", "versions").Index(0).Child("schema").Child("openAPIV3Schema");

    [Fact]
    public void A_broken_rule_is_reported_without_the_object() => Assert.Equal(
        "Widget.demo.example.com \"bad\" is invalid: spec: Invalid value: size must not be negative",
        Widgets.Status(Widgets.Rules.Validate(Widgets.Widget("""{"size":-1}"""), [])));

    [Fact]
    public void A_transition_rule_compares_with_the_old_object()
    {
        var (old, changed) = (Widgets.Widget("""{"size":5,"fixed":"x"}""", "a"), Widgets.Widget("""{"size":5,"fixed":"y"}""", "a"));

        Assert.Equal("Widget.demo.example.com \"a\" is invalid: spec: Invalid value: fixed is immutable",
            Widgets.Status(Widgets.Rules.ValidateUpdate(changed, old, []), "a"));
        Assert.Empty(Widgets.Rules.Validate(changed, []));
    }

    [Theory]
    [InlineData("""{"rule":"self.a > 1"}""", """{"a":1}""", "spec: Invalid value: failed rule: self.a > 1")]
    [InlineData("""{"rule":"self.a > 1","messageExpression":"'a is ' + string(self.a)"}""", """{"a":1}""", "spec: Invalid value: a is 1")]
    [InlineData("""{"rule":"self.a > 1","messageExpression":"''","message":"fallback"}""", """{"a":1}""", "spec: Invalid value: fallback")]
    [InlineData("""{"rule":"self.a > 1","message":"no","reason":"FieldValueForbidden"}""", """{"a":1}""", "spec: Forbidden: no")]
    [InlineData("""{"rule":"self.a > 1","message":"no","fieldPath":".a"}""", """{"a":1}""", "spec.a: Invalid value: no")]
    [InlineData("""{"rule":"self.a > 1","message":"no","reason":"FieldValueRequired","fieldPath":".m['k.1']"}""", """{"a":1}""", "spec.m[k.1]: Required value: no")]
    [InlineData("""{"rule":"self.b > 1","message":"no"}""", """{"a":1}""", "spec: Invalid value: \"object\": no such key: b evaluating rule: no")]
    [InlineData("""{"rule":"self.p > 1"}""", """{"p":"x"}""",
        "spec: Invalid value: \"object\": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self.p > 1")]
    [InlineData("""{"rule":"oldSelf.hasValue()","optionalOldSelf":true,"message":"cannot be new"}""", """{"a":1}""", "spec: Invalid value: cannot be new")]
    public void The_message_of_a_broken_rule(string rule, string spec, string expected) =>
        Assert.Equal(expected, Assert.Single(RulesOn(rule).Validate(Thing(spec), [])).Message);

    [Fact]
    public void A_scalar_is_quoted_and_items_have_their_place()
    {
        var rules = Rules("""
            {"type":"object","properties":{"spec":{"type":"object","properties":{
             "names":{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self != 'x'","message":"no x"}]}},
             "map":{"type":"object","additionalProperties":{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","message":"positive"}]}}}}}}
            """);

        Assert.Equal(["spec.names[1]: Invalid value: \"x\": no x", "spec.map[k]: Invalid value: 0: positive"],
            rules.Validate(Thing("""{"names":["a","x"],"map":{"k":0}}"""), []).Select(e => e.Message));
    }

    [Fact]
    public void Errors_of_unchanged_values_are_tolerated()
    {
        var rules = Rules("""
            {"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string","maxLength":2},"b":{"type":"string"},
             "c":{"type":"string","x-kubernetes-validations":[{"rule":"self == 'ok'"}]}}}}}
            """);
        var old = Thing("""{"a":"long","b":"1","c":"bad"}""");

        Assert.Empty(rules.ValidateUpdate(Thing("""{"a":"long","b":"2","c":"bad"}"""), old, []));
        Assert.Single(rules.ValidateUpdate(Thing("""{"a":"lang","b":"2","c":"ok"}"""), old, []), e => e.Reason == FieldErrorReason.TooLong);
        Assert.Equal("spec.c: Invalid value: \"worse\": failed rule: self == 'ok'",
            Assert.Single(rules.ValidateUpdate(Thing("""{"a":"long","b":"2","c":"worse"}"""), old, [])).Message);
    }

    [Fact]
    public void Items_of_list_maps_meet_their_old_selves()
    {
        var rules = Rules("""
            {"type":"object","properties":{"spec":{"type":"object","properties":{"steps":{"type":"array","maxItems":5,
             "x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
             "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string","maxLength":10},"run":{"type":"string","maxLength":10}},
              "x-kubernetes-validations":[{"rule":"self.run == oldSelf.run","message":"run is fixed"}]}}}}}}
            """);
        var old = Thing("""{"steps":[{"name":"a","run":"1"},{"name":"b","run":"2"}]}""");

        Assert.Equal("spec.steps[0]: Invalid value: run is fixed",
            Assert.Single(rules.ValidateUpdate(Thing("""{"steps":[{"name":"b","run":"3"},{"name":"a","run":"1"},{"name":"c","run":"9"}]}"""), old, [])).Message);
    }

    [Theory]
    [InlineData("self.nope == 1", "compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^")]
    [InlineData("self.a", "cel expression must evaluate to a bool")]
    public void A_rule_that_does_not_compile_is_refused(string rule, string detail)
    {
        var error = Assert.Single(SchemaCheck.Check(Spec($$"""{"rule":"{{rule}}"}"""), At, hasStatus: true));

        Assert.Equal("spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: "
            + $$"""{"Rule":"{{rule}}","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: {{detail}}""", error.Message);
    }

    [Fact]
    public void A_rule_that_can_be_quadratic_is_refused()
    {
        var errors = SchemaCheck.Check(Spec("""{"rule":"self.l.all(x, self.l.all(y, x == y))"}"""), At, hasStatus: true);

        Assert.Equal("spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds "
            + "budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
            errors[0].Message);
        Assert.Equal(3, errors.Count);
        Assert.Empty(SchemaCheck.Check(Spec("""{"rule":"self.l.size() < 5 && self.a > 1"}"""), At, hasStatus: true));
    }

    [Fact]
    public void Old_values_are_unknown_in_atomic_lists()
    {
        var schema = """
            {"type":"object","properties":{"l":{"type":"array","maxItems":2,"items":{"type":"integer","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}}}
            """;

        Assert.EndsWith("oldSelf cannot be used on the uncorrelatable portion of the schema within spec.versions[0].schema.openAPIV3Schema.properties[l]",
            Assert.Single(SchemaCheck.Check(JsonNode.Parse(schema)!, At, hasStatus: false)).Message, StringComparison.Ordinal);
    }

    private static CustomResourceRules Rules(string schema) => new("g", "v1", "Thing", StructuralSchema.Parse(JsonNode.Parse(schema)!));

    private static CustomResourceRules RulesOn(string rule) => new("g", "v1", "Thing", StructuralSchema.Parse(Spec(rule)));

    private static JsonNode Spec(string rule) => JsonNode.Parse($$$"""
        {"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{{{rule}}}],"properties":{
         "a":{"type":"integer"},"b":{"type":"integer"},"p":{"x-kubernetes-int-or-string":true},"l":{"type":"array","items":{"type":"string"}},
         "m":{"type":"object","additionalProperties":{"type":"string"} } } } } }
        """)!;

    private static JsonObject Thing(string spec) =>
        JsonNode.Parse($$"""{"apiVersion":"g/v1","kind":"Thing","metadata":{"name":"t"},"spec":{{spec}}}""")!.AsObject();
}
