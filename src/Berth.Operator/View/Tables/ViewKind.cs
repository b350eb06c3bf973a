using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Operator.View.Tables;

/// <summary>One column of a kind: heading, field of the item, type, and whether it shows only with <c>-o wide</c>.</summary>
internal sealed record ViewColumn(string Heading, string Field, string Type = "string", bool Wide = false);

/// <summary>One kind of the aggregated API: names, and how it is shown as a table.</summary>
internal sealed record ViewKind(string Plural, string Singular, string Kind, string? ShortName, bool Namespaced, IReadOnlyList<ViewColumn> Columns)
{
    private const string ApiVersion = $"{Names.ViewGroup}/{Names.Version}";

    /// <summary>Its row of discovery.</summary>
    public JsonObject Discovery()
    {
        var row = new JsonObject { ["name"] = Plural, ["singularName"] = Singular, ["namespaced"] = Namespaced, ["kind"] = Kind, ["verbs"] = new JsonArray("get", "list") };
        if (ShortName is not null) row["shortNames"] = new JsonArray(ShortName);
        return row;
    }

    /// <summary>An item with its type.</summary>
    public JsonObject Item(JsonObject item)
    {
        var typed = new JsonObject { ["kind"] = Kind, ["apiVersion"] = ApiVersion };
        foreach (var (field, value) in item)
            if (value is not null) typed[field] = value.DeepClone();
        return typed;
    }

    /// <summary>A list of items.</summary>
    public JsonObject List(IEnumerable<JsonObject> items) => new() { ["kind"] = Kind + "List", ["apiVersion"] = ApiVersion, ["metadata"] = new JsonObject(), ["items"] = new JsonArray([.. items.Select(i => (JsonNode)Item(i))]) };

    /// <summary>The same as the API server would print it.</summary>
    public JsonObject Table(IEnumerable<JsonObject> items) => new()
    {
        ["kind"] = "Table",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = new JsonObject(),
        ["columnDefinitions"] = new JsonArray([Definition(new ViewColumn("Name", "name")), .. Columns.Select(Definition)]),
        ["rows"] = new JsonArray([.. items.Select(i => (JsonNode)Row(i))]),
    };

    private static JsonNode Definition(ViewColumn column) => new JsonObject
    {
        ["name"] = column.Heading,
        ["type"] = column.Type,
        ["format"] = column.Field == "name" ? "name" : "",
        ["description"] = column.Heading,
        ["priority"] = column.Wide ? 1 : 0,
    };

    private JsonObject Row(JsonObject item) => new()
    {
        ["cells"] = new JsonArray([item["metadata"]!["name"]!.DeepClone(), .. Columns.Select(c => Cell(item, c))]),
        ["object"] = new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = item["metadata"]!.DeepClone() },
    };

    // The API server prints moments as ages.
    private static JsonNode? Cell(JsonObject item, ViewColumn column) => (column.Type, item[column.Field]) switch
    {
        ("date", JsonValue value) when DateTimeOffset.TryParse((string?)value, out var at) => Durations.Describe(TimeSpan.FromSeconds(Math.Max(0, (long)(DateTimeOffset.UtcNow - at).TotalSeconds))),
        (_, var other) => other?.DeepClone(),
    };
}
