using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>queue and slots: who waits in which order, and what every slot holds. Asked of the operator; no object holds it.</summary>
internal static class ViewListCommand
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    public static Command Queue(ClusterOptions cluster) => Create(cluster, "queue", "Who waits, for what, since when, and in which order.", "queuepositions", ViewRows.QueueHeadings, ["Message"], ViewRows.Queue, "No task waits.");

    public static Command Slots(ClusterOptions cluster) => Create(cluster, "slots", "What every slot of every agent pod holds.", "slots", ViewRows.SlotHeadings, ["Node", "Attempt"], ViewRows.Slot, "There are no slots; 'berth get pools' says why.");

    private static Command Create(ClusterOptions cluster, string verb, string description, string plural, string[] headings, string[] wideHeadings, Func<JsonObject, bool, bool, IReadOnlyList<string>> row, string none)
    {
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var pool = new Option<string?>("--pool") { Description = "Of this pool only.", HelpName = "POOL" };
        pool.CompletionSources.Add(context => TaskNames.CompletePools(cluster, context));
        var watch = new Option<bool>("--watch", "-w") { Description = "Show it again whenever it has changed." };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Wide, OutputFormat.Json, OutputFormat.Yaml, OutputFormat.Name);
        var command = new Command(verb, description) { everywhere, pool, watch, output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (all, format, shown) = (result.GetValue(everywhere), result.GetValue(output)!, "");
            do
            {
                try
                {
                    var list = await session.Operator.ListAsync(all ? null : session.Namespace, plural, cancellationToken);
                    Only(list, result.GetValue(pool));
                    var text = Text(list, format, all, headings, wideHeadings, row, none);
                    if (text != shown) Console.Write((shown.Length > 0 ? "\n" : "") + text);
                    shown = text;
                }
                catch (CliException error) when (shown.Length > 0 && error.ExitCode == ExitCodes.Failed)
                {
                    // Who watches sees an operator go and the next one come.
                    await Console.Error.WriteLineAsync(error.Message);
                }
                if (result.GetValue(watch)) await Task.Delay(Every, cancellationToken);
            }
            while (result.GetValue(watch));
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Only(JsonObject list, string? pool)
    {
        if (pool is null) return;
        var items = list["items"]!.AsArray();
        for (var i = items.Count - 1; i >= 0; i--)
            if ((string?)items[i]?["pool"] != pool) items.RemoveAt(i);
    }

    private static string Text(JsonObject list, string format, bool all, string[] headings, string[] wideHeadings, Func<JsonObject, bool, bool, IReadOnlyList<string>> row, string none)
    {
        var items = ViewRows.Items(list);
        var wide = format == OutputFormat.Wide;
        return format switch
        {
            OutputFormat.Json => Serialized.Json(list),
            OutputFormat.Yaml => Serialized.Yaml(list),
            OutputFormat.Name => string.Concat(items.Select(i => ViewRows.Name(i) + "\n")),
            _ when items.Count == 0 => none + "\n",
            _ => TextTable.Write([.. all ? ["Namespace"] : Array.Empty<string>(), .. headings, .. wide ? wideHeadings : []], items.Select(i => row(i, wide, all)).ToList()),
        };
    }
}
