using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Tests.Schema;

/// <summary>The definition that the recordings of a real kube-apiserver were made with.</summary>
internal static class Widgets
{
    public const string Schema = """
        {"type":"object","required":["spec"],"properties":{
         "spec":{"type":"object","required":["size"],
          "x-kubernetes-validations":[{"rule":"self.size >= 0","message":"size must not be negative"},
           {"rule":"!has(oldSelf.fixed) || self.fixed == oldSelf.fixed","message":"fixed is immutable"}],
          "properties":{
           "size":{"type":"integer","format":"int32","maximum":100},
           "replicas":{"type":"integer","default":2,"minimum":0},
           "fixed":{"type":"string"},
           "workspace":{"type":"string","maxLength":63,"pattern":"^[a-z0-9-]*$"},
           "mode":{"type":"string","enum":["Auto","Manual"],"default":"Manual"},
           "quantity":{"x-kubernetes-int-or-string":true},
           "labels":{"type":"object","additionalProperties":{"type":"string"}},
           "steps":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
            "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"run":{"type":"string"}}}},
           "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
           "template":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
         "status":{"type":"object","properties":{"phase":{"type":"string"},"replicas":{"type":"integer"},
          "conditions":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["type"],
           "items":{"type":"object","required":["type","status"],"properties":{"type":{"type":"string"},"status":{"type":"string"},
            "lastTransitionTime":{"type":"string","format":"date-time"}}}}}}}}
        """;

    public static StructuralSchema Parsed { get; } = StructuralSchema.Parse(JsonNode.Parse(Schema)!);

    public static CustomResourceRules Rules { get; } = new("demo.example.com", "v1", "Widget", Parsed);

    public static JsonObject Widget(string spec, string name = "bad") => JsonNode.Parse(
        $$"""{"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"{{name}}"},"spec":{{spec}}}""")!.AsObject();

    public static string Status(IReadOnlyList<FieldError> errors, string name = "bad") =>
        InvalidStatus.Compose("demo.example.com", "Widget", name, errors)["message"]!.GetValue<string>();
}
