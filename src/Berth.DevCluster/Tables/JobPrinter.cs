using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Tables;

/// <summary>Jobs as kubectl prints them.</summary>
internal static class JobPrinter
{
    public static readonly Printer Printer = new(
    [
        BuiltinPrinters.Column("Status"), BuiltinPrinters.Column("Completions"), BuiltinPrinters.Column("Duration"), Printers.AgeColumn,
        BuiltinPrinters.Column("Containers", priority: 1), BuiltinPrinters.Column("Images", priority: 1), BuiltinPrinters.Column("Selector", priority: 1),
    ], Cells);

    private static IEnumerable<JsonNode?> Cells(JsonObject job, TimeProvider time)
    {
        var wanted = job.Number("spec", "completions");
        var parallel = job.Number("spec", "parallelism") ?? 0;
        var done = job.Number("status", "succeeded") ?? 0;
        var completions = wanted is { } n ? $"{done}/{n}" : parallel > 1 ? $"{done}/1 of {parallel}" : $"{done}/1";
        return
        [
            Status(job), completions, Duration(job, time), Age.Since(job.Text("metadata", "creationTimestamp"), time),
            BuiltinPrinters.Containers(job, "name"), BuiltinPrinters.Containers(job, "image"), BuiltinPrinters.Labels(job.Object("spec", "selector", "matchLabels")),
        ];
    }

    private static string Status(JsonObject job)
    {
        bool Is(string type) => job.Objects("status", "conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");
        if (Is("Complete")) return "Complete";
        if (Is("Failed")) return "Failed";
        if (job.At("metadata", "deletionTimestamp") is not null) return "Terminating";
        return Is("Suspended") ? "Suspended" : Is("FailureTarget") ? "FailureTarget" : Is("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
    }

    private static string Duration(JsonObject job, TimeProvider time)
    {
        if (!DateTimeOffset.TryParse(job.Text("status", "startTime"), CultureInfo.InvariantCulture, out var start)) return "";
        var end = DateTimeOffset.TryParse(job.Text("status", "completionTime"), CultureInfo.InvariantCulture, out var completed) ? completed : time.GetUtcNow();
        return Age.Of(end - start);
    }
}
