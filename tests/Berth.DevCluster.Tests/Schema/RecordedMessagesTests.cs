using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Schema;

/// <summary>Messages as a real kube-apiserver 1.36 answered them.</summary>
public sealed class RecordedMessagesTests
{
    private const string NotChecked = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        + "correct the existing errors to complete validation";

    [Fact]
    public void Wrong_type_pattern_and_enum_are_reported_together()
    {
        var errors = Widgets.Rules.Validate(Widgets.Widget("""{"size":"x","mode":"Nope","workspace":"UPPER"}"""), []);

        Assert.Equal(
            [
                "spec.mode: Unsupported value: \"Nope\": supported values: \"Auto\", \"Manual\"",
                "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
                "spec.workspace: Invalid value: \"UPPER\": spec.workspace in body should match '^[a-z0-9-]*$'",
            ],
            errors.SkipLast(1).Select(e => e.Message).Order(StringComparer.Ordinal));
        Assert.Equal(NotChecked, errors[^1].Message);
        Assert.Equal(FieldErrorReason.TypeInvalid, errors.Single(e => e.Field == "spec.size").Reason);
    }

    [Fact]
    public void A_missing_field_is_required_and_stops_the_rules() => Assert.Equal(
        $"Widget.demo.example.com \"bad\" is invalid: [spec.size: Required value, {NotChecked}]",
        Widgets.Status(Widgets.Rules.Validate(Widgets.Widget("{}"), [])));

    [Fact]
    public void A_value_over_its_maximum_is_reported_alone() => Assert.Equal(
        "Widget.demo.example.com \"bad\" is invalid: spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100",
        Widgets.Status(Widgets.Rules.Validate(Widgets.Widget("""{"size":101}"""), [])));

    [Fact]
    public void A_wrong_kind_is_reported()
    {
        var gadget = Widgets.Widget("""{"size":1}""");
        gadget["kind"] = "Gadget";

        Assert.Equal("kind: Invalid value: \"Gadget\": must be Widget", Assert.Single(Widgets.Rules.Validate(gadget, [])).Message);
    }

    [Fact]
    public void A_missing_name_is_blocking_too()
    {
        var name = FieldError.Required(FieldPath.Of("metadata", "name"), "name or generateName is required");

        Assert.Equal(
            $"Widget.demo.example.com \"\" is invalid: [metadata.name: Required value: name or generateName is required, {NotChecked}]",
            Widgets.Status(Widgets.Rules.Validate(Widgets.Widget("""{"size":1}"""), [name]), name: ""));
    }

    [Fact]
    public void The_status_has_a_cause_for_each_error()
    {
        var status = InvalidStatus.Compose("demo.example.com", "Widget", "bad", Widgets.Rules.Validate(Widgets.Widget("""{"size":101}"""), []));

        Assert.True(JsonNode.DeepEquals(status, JsonNode.Parse("""
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
             "message":"Widget.demo.example.com \"bad\" is invalid: spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100",
             "reason":"Invalid","details":{"name":"bad","group":"demo.example.com","kind":"Widget","causes":[
              {"reason":"FieldValueInvalid","message":"Invalid value: 101: spec.size in body should be less than or equal to 100","field":"spec.size"}]},
             "code":422}
            """)), status.ToJsonString());
    }

    [Fact]
    public void Unknown_fields_are_pruned_and_named()
    {
        var widget = Widgets.Widget("""{"size":1,"bogus":1,"template":{"keep":{"me":true}},"steps":[{"name":"a","x":1}]}""");

        Assert.Equal(["spec.bogus", "spec.steps[0].x"], Pruner.Prune(widget, Widgets.Parsed, resourceRoot: true));
        Assert.Equal("""{"size":1,"template":{"keep":{"me":true}},"steps":[{"name":"a"}]}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void Defaults_are_set()
    {
        var widget = Widgets.Widget("""{"size":1,"mode":null,"fixed":null}""");
        Defaulter.Apply(widget, Widgets.Parsed);

        Assert.Equal("""{"size":1,"mode":"Manual","replicas":2}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void The_definition_itself_is_valid() =>
        Assert.Empty(SchemaCheck.Check(Widgets.Parsed, FieldPath.Of("spec.versions[0].schema.openAPIV3Schema"), hasStatus: true));
}
