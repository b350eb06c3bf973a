using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs;

/// <summary>Every transition of a task, from the database.</summary>
internal static class HistoryCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var task = new Argument<string>("task") { Description = "Name of the task." };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml);
        var command = new Command("history", "Show every transition of a task, also after it is gone.") { task, output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            await using var body = await session.Operator.OpenAsync(session.Namespace, result.GetValue(task)!, "history", cancellationToken);
            var entries = (await JsonNode.ParseAsync(body, cancellationToken: cancellationToken))!.AsArray();
            Console.Write(result.GetValue(output) switch
            {
                OutputFormat.Json => Serialized.Json(entries),
                OutputFormat.Yaml => Serialized.Yaml(new() { ["transitions"] = entries.DeepClone() }),
                _ => Table(entries),
            });
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Table(JsonArray entries) => TextTable.Write(["Seq", "At", "From", "To", "Reason", "By", "Slot", "Message"],
        entries.Select(t => (IReadOnlyList<string>)
        [
            Text(t, "seq"), Text(t, "at"), Text(t, "from"), Text(t, "to"), Text(t, "reason"), Text(t, "actor"), Text(t, "slot"), Text(t, "message"),
        ]).ToList());

    private static string Text(JsonNode? entry, string field) => entry?[field]?.ToString() ?? "";
}
