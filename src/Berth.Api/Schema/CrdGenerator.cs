using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Berth.Api.Schema;

/// <summary>Writes the CustomResourceDefinitions: the C# types are the source, their summaries the descriptions.</summary>
[RequiresUnreferencedCode("Reads attributes and properties by reflection; used when generating files, never at run time.")]
public static class CrdGenerator
{
    private const int LongestName = 63;

    /// <summary>The resources of this assembly, by kind.</summary>
    public static IReadOnlyList<Type> Resources { get; } = typeof(CrdGenerator).Assembly.GetTypes()
        .Where(t => t.IsDefined(typeof(KubernetesResourceAttribute)))
        .OrderBy(t => t.GetCustomAttribute<KubernetesResourceAttribute>()!.Kind, StringComparer.Ordinal)
        .ToList();

    /// <summary>All generated files: one CRD and one reference page for each resource, and the page of reasons.</summary>
    /// <exception cref="InvalidOperationException">A field lacks its summary, or a rule is too costly for a real API server.</exception>
    public static IReadOnlyList<GeneratedFile> GenerateFiles()
    {
        var descriptions = XmlDescriptions.Of(typeof(CrdGenerator).Assembly);
        var files = new List<GeneratedFile>();
        foreach (var type in Resources)
        {
            var definition = Definition(type, descriptions);
            RuleCost.Check(definition);
            var name = definition["metadata"]!["name"]!.GetValue<string>();
            files.Add(new($"crds/{name}.yaml", "# Written by ./dev generate from src/Berth.Api; change it there.\n" + YamlText.Write(definition)));
            files.Add(new($"docs/reference/{type.GetCustomAttribute<KubernetesResourceAttribute>()!.Plural}.md", ReferencePage.Write(definition)));
        }
        files.Add(new("docs/reference/reasons.md", ReasonsPage.Write(descriptions)));
        return files;
    }

    /// <summary>The CustomResourceDefinition of one resource as JSON.</summary>
    public static JsonObject Definition(Type type) => Definition(type, XmlDescriptions.Of(typeof(CrdGenerator).Assembly));

    private static JsonObject Definition(Type type, XmlDescriptions descriptions)
    {
        var resource = type.GetCustomAttribute<KubernetesResourceAttribute>() ?? throw new ArgumentException($"{type} is no resource: it has no KubernetesResource attribute.", nameof(type));
        var names = new JsonObject
        {
            ["kind"] = resource.Kind,
            ["listKind"] = resource.Kind + "List",
            ["plural"] = resource.Plural,
            ["singular"] = resource.Kind.ToLowerInvariant(),
            ["categories"] = new JsonArray("berth"),
        };
        if (resource.ShortName is not null) names["shortNames"] = new JsonArray(resource.ShortName);
        var definition = new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{resource.Plural}.{Names.Group}", ["labels"] = new JsonObject { ["app.kubernetes.io/part-of"] = "berth" } },
            ["spec"] = new JsonObject
            {
                ["group"] = Names.Group,
                ["scope"] = "Namespaced",
                ["names"] = names,
                ["versions"] = new JsonArray(Version(type, resource, descriptions)),
            },
        };
        // Read back, so that numbers can be asked for as any numeric type.
        return JsonNode.Parse(definition.ToJsonString())!.AsObject();
    }

    private static JsonObject Version(Type type, KubernetesResourceAttribute resource, XmlDescriptions descriptions) => new()
    {
        ["name"] = Names.Version,
        ["served"] = true,
        ["storage"] = true,
        ["additionalPrinterColumns"] = new JsonArray(type.GetCustomAttributes<PrinterColumnAttribute>().Select(Column).ToArray()),
        ["subresources"] = Subresources(resource),
        ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root(type, descriptions) },
    };

    private static JsonNode Column(PrinterColumnAttribute column)
    {
        var result = new JsonObject { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
        if (column.Wide) result["priority"] = 1;
        return result;
    }

    private static JsonObject Subresources(KubernetesResourceAttribute resource)
    {
        var result = new JsonObject { ["status"] = new JsonObject() };
        if (resource.ScaleSpecPath is null) return result;
        result["scale"] = new JsonObject
        {
            ["specReplicasPath"] = resource.ScaleSpecPath,
            ["statusReplicasPath"] = resource.ScaleStatusPath,
            ["labelSelectorPath"] = resource.ScaleSelectorPath,
        };
        return result;
    }

    // The server knows metadata itself; a CRD may only limit the name.
    private static JsonObject Root(Type type, XmlDescriptions descriptions)
    {
        var builder = new SchemaBuilder(descriptions);
        var fields = SchemaBuilder.Fields(type).ToDictionary(f => f.Name, f => f.Property, StringComparer.Ordinal);
        JsonObject Described(string name, JsonObject schema)
        {
            schema.Insert(0, "description", descriptions.Of(fields[name]));
            return schema;
        }
        return new()
        {
            ["description"] = descriptions.Of(type),
            ["type"] = "object",
            ["required"] = new JsonArray("spec"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = Described("apiVersion", new() { ["type"] = "string" }),
                ["kind"] = Described("kind", new() { ["type"] = "string" }),
                ["metadata"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["name"] = new JsonObject { ["type"] = "string", ["maxLength"] = LongestName } } },
                ["spec"] = Described("spec", builder.Object(fields["spec"].PropertyType)),
                ["status"] = Described("status", builder.Object(fields["status"].PropertyType)),
            },
        };
    }
}
