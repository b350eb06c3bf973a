using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Tables;

/// <summary>Objects as the rows that kubectl prints.</summary>
internal static class TableWriter
{
    private static readonly string NameDescription = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

    public static JsonObject Table(Target target, IReadOnlyList<JsonObject> items, JsonObject metadata, string include, Cluster cluster, bool withColumns = true)
    {
        var printer = Printers.For(target.Resource, target.Version);
        var table = new JsonObject { ["kind"] = "Table", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = metadata };
        if (withColumns) table["columnDefinitions"] = new JsonArray([.. printer.Columns.Prepend(new PrinterColumn("Name", "string", "", "name", NameDescription)).Select(c => Definition(target.Resource, c))]);
        else table["columnDefinitions"] = null;
        table["rows"] = new JsonArray([.. items.Select(i => (JsonNode)Row(printer, i, include, cluster.Time))]);
        return table;
    }

    public static JsonObject Partial(JsonObject obj)
    {
        var (metadata, _) = BuiltinCodec.Decode(obj.Object("metadata") ?? [], BuiltinTypes.ObjectMeta);
        return new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = metadata };
    }

    private static JsonNode Definition(ApiResource resource, PrinterColumn column) => new JsonObject
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column.Format,
        ["description"] = column.Description.Length > 0 || resource.Custom is not null ? column.Description : ColumnDescriptions.Find(resource.Group, resource.Plural, column.Name),
        ["priority"] = column.Priority,
    };

    private static JsonObject Row(Printer printer, JsonObject obj, string include, TimeProvider time)
    {
        var cells = new JsonArray(obj.Name());
        foreach (var cell in printer.Cells(obj, time)) cells.Add(cell);
        var row = new JsonObject { ["cells"] = cells };
        if (include == "Object") row["object"] = obj.DeepClone();
        else if (include != "None") row["object"] = Partial(obj);
        return row;
    }
}
