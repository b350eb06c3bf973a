using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Tables;

/// <summary>Events of both APIs as kubectl prints them.</summary>
internal static class EventPrinter
{
    public static readonly Printer Printer = new(
    [
        BuiltinPrinters.Column("Last Seen"), BuiltinPrinters.Column("Type"), BuiltinPrinters.Column("Reason"), BuiltinPrinters.Column("Object"),
        BuiltinPrinters.Column("Subobject", priority: 1), BuiltinPrinters.Column("Source", priority: 1), BuiltinPrinters.Column("Message"),
        BuiltinPrinters.Column("First Seen", priority: 1), BuiltinPrinters.Column("Count", priority: 1), BuiltinPrinters.Column("Name", priority: 1),
    ], Cells);

    private static IEnumerable<JsonNode?> Cells(JsonObject e, TimeProvider time)
    {
        var about = e.Object("involvedObject") ?? e.Object("regarding") ?? [];
        var first = First(e.Text("firstTimestamp") ?? e.Text("deprecatedFirstTimestamp"), e.Text("eventTime"));
        var last = First(e.Text("series", "lastObservedTime"), e.Text("lastTimestamp") ?? e.Text("deprecatedLastTimestamp"), first);
        var count = e.Number("series", "count") ?? e.Number("count") ?? e.Number("deprecatedCount") ?? 1;
        var source = (e.Object("source") ?? e.Object("deprecatedSource")).Text("component") is { Length: > 0 } component ? component : e.Text("reportingComponent") ?? e.Text("reportingController");
        return
        [
            Age.Since(last, time), e.TextOr("", "type"), e.TextOr("", "reason"), $"{about.TextOr("", "kind").ToLowerInvariant()}/{about.Text("name")}",
            about.TextOr("", "fieldPath"), source ?? "", (e.Text("message") ?? e.TextOr("", "note")).Trim(), Age.Since(first, time), count, e.Name(),
        ];
    }

    private static string? First(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (!string.IsNullOrEmpty(text)) return text;
        }
        return null;
    }
}
