using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Berth.Chart.Tests;

/// <summary>The chart in this tree.</summary>
internal static class Chart
{
    public const string WithDatabase = "postgres.existingSecret.name=pg";

    public static string Root { get; } = FindRoot();

    public static string Folder => Path.Combine(Root, "charts", "berth");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>What the chart renders to, as objects.</summary>
    public static async Task<IReadOnlyList<JsonObject>> RenderAsync(string helm, params string[] options)
    {
        using var home = new Scratch();
        return Documents(await Tool.RunAsync(helm, home.Path, null, ["template", "berth", Folder, "-n", "berth-system", .. options]));
    }

    /// <summary>The one object of a kind and name.</summary>
    public static JsonObject Only(this IEnumerable<JsonObject> objects, string kind, string name) =>
        objects.Single(o => (string?)o["kind"] == kind && (string?)o["metadata"]!["name"] == name);

    public static IReadOnlyList<JsonObject> Documents(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(d => Convert(d.RootNode)).OfType<JsonObject>()];
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, Convert(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new JsonException($"unexpected {node.NodeType}"),
    };

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "null" or "~" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text),
    };

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Operator.sln"))) return at.FullName;
        throw new DirectoryNotFoundException("run the tests from inside the repository");
    }
}
