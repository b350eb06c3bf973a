using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Tables;

/// <summary>Printers made of a CRD's additionalPrinterColumns.</summary>
internal static class CustomPrinter
{
    private static readonly PrinterColumn DefaultAge = new("Age", "date", ".metadata.creationTimestamp", "", Printers.AgeDescription);

    public static Printer For(ServedVersion version)
    {
        IReadOnlyList<PrinterColumn> columns = version.Columns.Count > 0 ? version.Columns : [DefaultAge];
        return new Printer(columns, (obj, time) => columns.Select(c => Cell(obj, c, time)));
    }

    private static JsonNode? Cell(JsonObject obj, PrinterColumn column, TimeProvider time)
    {
        var values = JsonPath.Find(obj, column.JsonPath).ToList();
        if (values.Count == 0) return null;
        var value = values[0];
        switch (column.Type)
        {
            case "integer":
                return value.GetValueKind() == JsonValueKind.Number ? JsonValue.Create((long)double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)) : null;
            case "number":
                return value.GetValueKind() == JsonValueKind.Number ? value.DeepClone() : null;
            case "boolean":
                return value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.DeepClone() : null;
            case "date":
                return value.GetValueKind() == JsonValueKind.String ? Age.Since(value.GetValue<string>(), time) : null;
            default:
                return string.Join(",", values.Select(Text));
        }
    }

    private static string Text(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        _ => value.ToJsonString(),
    };
}
