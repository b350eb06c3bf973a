using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>Items of the operator's views as rows.</summary>
internal static class ViewRows
{
    public static readonly string[] QueueHeadings = ["Pool", "Position", "Task", "Priority", "Workspace", "Approved", "Waiting", "Reason"];
    public static readonly string[] SlotHeadings = ["Slot", "Pool", "State", "Task", "Phase", "Since", "Workspace"];

    public static IReadOnlyList<JsonObject> Items(JsonObject list) => [.. list["items"]!.AsArray().OfType<JsonObject>()];

    public static IReadOnlyList<string> Queue(JsonObject item, bool wide, bool everywhere) =>
    [
        .. everywhere ? [Namespace(item)] : Array.Empty<string>(),
        Text(item, "pool"), Or(Text(item, "position"), "-"), Name(item), Text(item, "priority"), Text(item, "workspace"), Text(item, "approved") == "true" ? "yes" : "no", Age(item), Text(item, "reason"),
        .. wide ? [Text(item, "message").ReplaceLineEndings(" ")] : Array.Empty<string>(),
    ];

    public static IReadOnlyList<string> Slot(JsonObject item, bool wide, bool everywhere) =>
    [
        .. everywhere ? [Namespace(item)] : Array.Empty<string>(),
        Text(item, "slot"), Text(item, "pool"), Text(item, "state"), Or(Text(item, "task"), "-"), Or(Text(item, "phase"), "-"), Or(Age(item), "-"), Or(Text(item, "workspace"), "-"),
        .. wide ? [Or(Text(item, "node"), "-"), Or(Text(item, "attempt"), "-")] : Array.Empty<string>(),
    ];

    public static string Name(JsonObject item) => (string?)item["metadata"]?["name"] ?? "";

    public static string Namespace(JsonObject item) => (string?)item["metadata"]?["namespace"] ?? "";

    public static string Text(JsonObject item, string field) => item[field] is JsonValue value ? (value.TryGetValue<bool>(out var holds) ? (holds ? "true" : "false") : value.ToString()) : "";

    private static string Age(JsonObject item) => DateTimeOffset.TryParse(Text(item, "since"), CultureInfo.InvariantCulture, out var since) ? Ages.Since(since) : "";

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;
}
