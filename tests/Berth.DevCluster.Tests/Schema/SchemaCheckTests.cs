using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Schema;

public sealed class SchemaCheckTests
{
    private const string At = "spec.versions[0].schema.openAPIV3Schema";

    [Theory]
    [InlineData("{}", ".type: Required value: must not be empty at the root")]
    [InlineData("""{"type":"string"}""", ".type: Invalid value: \"string\": must be object at the root")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", ".properties[a].type: Required value: must not be empty for specified object fields")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", ".properties[a].items: Required value: must be specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{}}}}""", ".properties[a].items.type: Required value: must not be empty for specified array items")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""", ".additionalProperties: Forbidden: must not be used at the root")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","anyOf":[{"type":"integer"}]}}}""", ".properties[a].anyOf[0].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","anyOf":[{"properties":{"b":{"minimum":1}}}]}""", ".properties[b]: Required value: because it is defined in spec.versions[0].schema.openAPIV3Schema.anyOf[0].properties[b]")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""",
        ".properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", ".properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"^(?!x)"}}}""",
        ".properties[a].pattern: Invalid value: \"^(?!x)\": must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: `(?!`")]
    public void Not_structural(string schema, string expected) => Assert.Equal(At + expected, Check(schema)[0].Message);

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"strin"}}}""", ".properties[a].type: Unsupported value: \"strin\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}""", ".properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{"x":{"type":"string"}},"additionalProperties":{"type":"string"}}}}""",
        ".properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}}}""",
        ".properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"],"items":{"type":"object","properties":{"n":{"type":"string"}}}}}}""",
        ".properties[a].items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","x-kubernetes-list-type":"set"}}}""", ".properties[a].type: Invalid value: \"string\": must be array if x-kubernetes-list-type is specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","$ref":"#/x"}}}""", ".properties[a].$ref: Forbidden: $ref is not supported")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""",
        ".properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","default":{"z":1},"properties":{"y":{"type":"integer"}}}}}""",
        ".properties[a].default: Invalid value: {\"z\":1}: must not have unknown fields")]
    [InlineData("""{"type":"object","properties":{"kind":{"type":"string","default":"x"}}}""", ".properties[kind].default: Forbidden: must not be set in top-level kind")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","x-kubernetes-validations":[{"rule":""}]}}}""", ".properties[a].x-kubernetes-validations[0].rule: Required value: rule is not specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","x-kubernetes-validations":[{"rule":"true","fieldPath":".nope"}]}}}""",
        ".properties[a].x-kubernetes-validations[0].fieldPath: Invalid value: \".nope\": must be a valid path")]
    public void Not_allowed(string schema, string expected) => Assert.Equal(At + expected, Check(schema)[0].Message);

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true}}}""")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":5}}}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","additionalProperties":true}}}""")]
    public void Allowed(string schema) => Assert.Empty(Check(schema));

    [Fact]
    public void Formats_that_nothing_is_held_to_are_warned_about() => Assert.Equal(
        ["unrecognized format \"fancy\"", "unrecognized format \"int33\""],
        SchemaWarnings.UnrecognizedFormats(StructuralSchema.Parse(JsonNode.Parse("""
            {"type":"object","properties":{"a":{"type":"string","format":"fancy"},"b":{"type":"array","items":{"type":"integer","format":"int33"}},
             "c":{"type":"string","format":"date-time"}}}
            """)!)));

    private static IReadOnlyList<FieldError> Check(string schema) =>
        SchemaCheck.Check(JsonNode.Parse(schema)!, FieldPath.Of("spec", "versions").Index(0).Child("schema").Child("openAPIV3Schema"), hasStatus: false);
}
