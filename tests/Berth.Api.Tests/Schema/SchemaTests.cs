using System.Text.Json.Nodes;
using Berth.Api.Schema;
using Xunit;

namespace Berth.Api.Tests.Schema;

public class SchemaTests
{
    public static TheoryData<Type> Kinds() => [.. CrdGenerator.Resources];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_field_of_spec_and_status_has_a_description(Type kind)
    {
        foreach (var part in new[] { "spec", "status" })
        {
            foreach (var (path, schema) in Definitions.All(Definitions.Root(CrdGenerator.Definition(kind))["properties"]![part]!.AsObject(), part))
                if (!path.EndsWith("[]", StringComparison.Ordinal)) Assert.True(schema["description"]?.GetValue<string>().Length > 2, $"{path} has no description");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_string_list_and_map_is_bounded(Type kind)
    {
        foreach (var (path, schema) in Definitions.All(Definitions.Root(CrdGenerator.Definition(kind))))
        {
            if (path is ".apiVersion" or ".kind") continue;
            var type = schema["type"]!.GetValue<string>();
            if (type == "string" && schema["enum"] is null && schema["format"] is null) Assert.True(schema["maxLength"] is not null, $"{path} has no maxLength");
            if (type == "array") Assert.True(schema["maxItems"] is not null, $"{path} has no maxItems");
            if (schema["additionalProperties"] is not null) Assert.True(schema["maxProperties"] is not null, $"{path} has no maxProperties");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_schema_is_structural(Type kind)
    {
        foreach (var (path, schema) in Definitions.All(Definitions.Root(CrdGenerator.Definition(kind))))
        {
            Assert.True(schema["type"] is not null, $"{path} has no type");
            Assert.False(schema["properties"] is not null && schema["additionalProperties"] is not null, $"{path} has properties and additionalProperties");
            foreach (var required in schema["required"]?.AsArray() ?? [])
                Assert.True(schema["properties"]![required!.GetValue<string>()] is not null, $"{path} requires {required}, which it does not have");
            foreach (var key in schema["x-kubernetes-list-map-keys"]?.AsArray() ?? [])
            {
                var item = schema["items"]!;
                Assert.Contains(key!.GetValue<string>(), item["required"]!.AsArray().Select(r => r!.GetValue<string>()));
            }
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Columns_resolve_against_the_schema(Type kind)
    {
        var definition = CrdGenerator.Definition(kind);
        foreach (var column in definition["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray())
        {
            var path = column!["jsonPath"]!.GetValue<string>();
            if (path == ".metadata.creationTimestamp") continue;
            var type = Resolve(Definitions.Root(definition), path);
            Assert.True(type is not null, $"{path} leads nowhere");
            Assert.Equal(column["type"]!.GetValue<string>(), type);
        }
    }

    [Fact]
    public void Scale_paths_resolve_against_the_schema()
    {
        var definition = Definitions.Of<AgentPoolResource>();
        var scale = definition["spec"]!["versions"]![0]!["subresources"]!["scale"]!.AsObject();
        Assert.Equal("integer", Resolve(Definitions.Root(definition), scale["specReplicasPath"]!.GetValue<string>()));
        Assert.Equal("integer", Resolve(Definitions.Root(definition), scale["statusReplicasPath"]!.GetValue<string>()));
        Assert.Equal("string", Resolve(Definitions.Root(definition), scale["labelSelectorPath"]!.GetValue<string>()));
    }

    [Fact]
    public void Attributes_become_schema()
    {
        Assert.Equal(1, Definitions.Field<AgentPoolResource>("spec.slotsPerPod")["minimum"]!.GetValue<int>());
        Assert.Equal(3, Definitions.Field<AgentPoolResource>("spec.slotsPerPod")["default"]!.GetValue<int>());
        Assert.Equal("int64", Definitions.Field<TaskResource>("spec.requeue")["format"]!.GetValue<string>());
        Assert.Equal("date-time", Definitions.Field<TaskResource>("status.queuedAt")["format"]!.GetValue<string>());
        Assert.Equal(Durations.Pattern, Definitions.Field<TaskResource>("spec.plan.timeout")["pattern"]!.GetValue<string>());
        Assert.Equal(["PlanAndApply", "Plan", "Run"], Definitions.Field<TaskResource>("spec.type")["enum"]!.AsArray().Select(n => n!.GetValue<string>()));
        Assert.Equal("map", Definitions.Field<TaskResource>("spec.plan.env")["x-kubernetes-list-type"]!.GetValue<string>());
        Assert.Equal("set", Definitions.Field<TaskResource>("spec.plan.artifacts")["x-kubernetes-list-type"]!.GetValue<string>());
        Assert.True(Definitions.Field<AgentPoolResource>("spec.template")["x-kubernetes-preserve-unknown-fields"]!.GetValue<bool>());
        Assert.Equal(262_144, Definitions.Field<TaskResource>("spec.source.inline.files")["additionalProperties"]!["maxLength"]!.GetValue<int>());
    }

    [Fact]
    public void A_task_may_change_only_what_the_design_says()
    {
        var spec = Definitions.Field<TaskResource>("spec");
        var fixedFields = spec["x-kubernetes-validations"]!.AsArray().Where(r => r!["fieldPath"] is not null).Select(r => r!["fieldPath"]!.GetValue<string>()[1..]);
        var free = spec["properties"]!.AsObject().Select(p => p.Key).Except(fixedFields).Order(StringComparer.Ordinal);
        Assert.Equal(["desiredState", "priority", "requeue", "resumeFrom", "ttlAfterFinished"], free);
    }

    private static string? Resolve(JsonObject schema, string path)
    {
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries).Aggregate(new List<string>(), JoinFilters))
        {
            var name = part.Split('[')[0];
            if (schema["properties"]?[name] is not JsonObject next) return null;
            schema = part.Contains('[', StringComparison.Ordinal) ? next["items"]!.AsObject() : next;
        }
        return schema["type"]!.GetValue<string>();
    }

    // A filter such as [?(@.type=='Ready')] holds a dot of its own.
    private static List<string> JoinFilters(List<string> parts, string part)
    {
        if (parts.Count > 0 && parts[^1].Contains('[', StringComparison.Ordinal) && !parts[^1].EndsWith(']')) parts[^1] += "." + part;
        else parts.Add(part);
        return parts;
    }
}
