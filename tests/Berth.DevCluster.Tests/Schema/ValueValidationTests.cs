using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Schema;

public sealed class ValueValidationTests
{
    [Theory]
    [InlineData("""{"type":"integer"}""", "1.5", "v: Invalid value: \"number\": v in body must be of type integer: \"number\"|<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in v")]
    [InlineData("""{"type":"integer"}""", "2.0", "")]
    [InlineData("""{"type":"integer","format":"int32"}""", "3000000000", "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in v")]
    [InlineData("""{"type":"integer","format":"int32"}""", "true", "v: Invalid value: \"\": v in body must be of type int32: \"\"")]
    [InlineData("""{"type":"number"}""", "1", "")]
    [InlineData("""{"type":"string"}""", "null", "v: Invalid value: \"null\": v in body must be of type string: \"null\"")]
    [InlineData("""{"type":"string","nullable":true}""", "null", "")]
    [InlineData("""{"type":"boolean"}""", "\"true\"", "v: Invalid value: \"string\": v in body must be of type boolean: \"string\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "{}", "v: Invalid value: \"object\": v in body must be of type array: \"object\"")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "true", "v: Invalid value: \"boolean\": v in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "\"10%\"", "")]
    [InlineData("""{"x-kubernetes-preserve-unknown-fields":true}""", "[1]", "")]
    public void Types(string schema, string value, string expected) => Expect(schema, value, expected);

    [Theory]
    [InlineData("""{"type":"integer","maximum":5,"exclusiveMaximum":true}""", "5", "v: Invalid value: 5: v in body should be less than 5")]
    [InlineData("""{"type":"integer","minimum":5}""", "4", "v: Invalid value: 4: v in body should be greater than or equal to 5")]
    [InlineData("""{"type":"number","minimum":0.5,"exclusiveMinimum":true}""", "0.5", "v: Invalid value: 0.5: v in body should be greater than 0.5")]
    [InlineData("""{"type":"integer","multipleOf":3}""", "4", "v: Invalid value: 4: v in body should be a multiple of 3")]
    [InlineData("""{"type":"number","multipleOf":0.1}""", "0.3", "")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"äöü\"", "v: Too long: may not be more than 2 bytes")]
    [InlineData("""{"type":"string","minLength":2}""", "\"ä\"", "v: Invalid value: \"ä\": v in body should be at least 2 chars long")]
    [InlineData("""{"type":"string","pattern":"^a$"}""", "\"a\\n\"", "v: Invalid value: \"a\\n\": v in body should match '^a$'")]
    [InlineData("""{"type":"array","maxItems":1,"items":{"type":"integer"}}""", "[1,2]", "v: Too many: 2: must have at most 1 item")]
    [InlineData("""{"type":"array","minItems":1,"items":{"type":"integer"}}""", "[]", "v: Invalid value: 0: v in body should have at least 1 items")]
    [InlineData("""{"type":"object","maxProperties":1,"additionalProperties":{"type":"integer"}}""", """{"a":1,"b":2}""", "v: Too many: 2: must have at most 1 item")]
    [InlineData("""{"type":"object","minProperties":1,"additionalProperties":{"type":"integer"}}""", "{}", "v: Invalid value: 0: v in body should have at least 1 properties")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"a":"x"}""", "v.a: Invalid value: \"string\": v.a in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"array","items":{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}}""", "[{}]", "v[0].n: Required value")]
    [InlineData("""{"type":"integer","enum":[1,2]}""", "3", "v: Unsupported value: 3: supported values: \"1\", \"2\"")]
    public void Bounds(string schema, string value, string expected) => Expect(schema, value, expected);

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""",
        """{"a":"1","b":"2"}""", "<nil>: Invalid value: \"\": \"v\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""",
        "{}", "<nil>: Invalid value: \"\": \"v\" must validate one and only one schema (oneOf). Found none valid|v.a: Required value")]
    [InlineData("""{"type":"integer","anyOf":[{"minimum":5},{"enum":[1]}]}""", "2",
        "<nil>: Invalid value: \"\": \"v\" must validate at least one schema (anyOf)|v: Invalid value: 2: v in body should be greater than or equal to 5")]
    [InlineData("""{"type":"integer","allOf":[{"minimum":5},{"maximum":9}]}""", "2",
        "v: Invalid value: 2: v in body should be greater than or equal to 5|<nil>: Invalid value: \"\": \"v\" must validate all the schemas (allOf)")]
    [InlineData("""{"type":"integer","not":{"enum":[2]}}""", "2", "<nil>: Invalid value: \"\": \"v\" must not validate the schema (not)")]
    [InlineData("""{"type":"integer","not":{"enum":[2]}}""", "3", "")]
    public void Operands(string schema, string value, string expected) => Expect(schema, value, expected);

    [Theory]
    [InlineData("date-time", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05")]
    [InlineData("date", "2024-02-29", "2023-02-29")]
    [InlineData("duration", "1h30m", "soon")]
    [InlineData("ipv4", "10.0.0.1", "10.0.0.256")]
    [InlineData("ipv6", "fe80::1", "10.0.0.1")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0/33")]
    [InlineData("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567")]
    [InlineData("uri", "https://example.com/a", "example com")]
    [InlineData("email", "a@example.com", "example.com")]
    [InlineData("hostname", "example.com", "-example")]
    [InlineData("byte", "aGVsbG8=", "a")]
    [InlineData("mac", "01:23:45:67:89:ab", "01:23")]
    [InlineData("hexcolor", "#ffaa00", "#fg0000")]
    [InlineData("isbn", "978-0321751041", "978-0321751042")]
    [InlineData("k8s-short-name", "a-b", "A")]
    [InlineData("k8s-long-name", "a.b-c", "a..b")]
    public void Formats(string format, string good, string bad)
    {
        var schema = $$"""{"type":"string","format":"{{format}}"}""";

        Expect(schema, $"\"{good}\"", "");
        Expect(schema, $"\"{bad}\"", $"v: Invalid value: \"{bad}\": v in body must be of type {format}: \"{bad}\"");
    }

    [Fact]
    public void Unknown_formats_are_ignored() => Expect("""{"type":"string","format":"fancy"}""", "\"x\"", "");

    [Theory]
    [InlineData("""{"tags":["a","b","a"]}""", "spec.tags[2]: Duplicate value: \"a\"")]
    [InlineData("""{"steps":[{"name":"a"},{"name":"b"},{"name":"a","run":"x"}]}""", "spec.steps[2]: Duplicate value: {\"name\":\"a\"}")]
    public void Duplicates_in_sets_and_map_lists(string spec, string expected) =>
        Assert.Equal(expected, Assert.Single(ListTypes.Validate(Widgets.Widget(spec), Widgets.Parsed)).Message);

    [Fact]
    public void Embedded_resources_need_a_type()
    {
        var rules = new CustomResourceRules("g", "v1", "Thing", StructuralSchema.Parse(JsonNode.Parse("""
            {"type":"object","properties":{"spec":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}
            """)!));
        var thing = JsonNode.Parse("""{"apiVersion":"g/v1","kind":"Thing","metadata":{"name":"t"},"spec":{"kind":"pod-x","foo":1}}""")!.AsObject();

        Assert.Equal(["spec.apiVersion: Required value"], rules.Validate(thing, []).Select(e => e.Message));
    }

    private static void Expect(string schema, string value, string expected)
    {
        var root = StructuralSchema.Parse(JsonNode.Parse("{\"type\":\"object\",\"properties\":{\"v\":" + schema + "}}")!);

        Assert.Equal(expected, string.Join('|', ValueValidator.Validate(root, JsonNode.Parse("{\"v\":" + value + "}"), null, null).Select(e => e.Message)));
    }
}
