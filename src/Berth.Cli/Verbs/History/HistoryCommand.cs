using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>What the database keeps: a task's whole story, also after it is gone; tasks by filters; what people did; how it went on the whole.</summary>
internal static class HistoryCommand
{
    public const string Csv = "csv";

    public static Command Create(ClusterOptions cluster)
    {
        var task = new Argument<string?>("task") { Description = "Name of a task; without one, tasks are listed.", Arity = ArgumentArity.ZeroOrOne };
        var uid = new Option<string?>("--uid") { Description = "An older task of that name, by its uid.", HelpName = "UID" };
        var statistics = new Option<bool>("--statistics") { Description = "Success rate, time per phase and top reasons of the tasks that the filters choose." };
        var actions = new Option<bool>("--actions") { Description = "What people did, instead of tasks; of one task if it is named." };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var filters = new HistoryFilters();
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml, Csv);
        var command = new Command("history", "Show the story of a task, also after it is gone; or list tasks by workspace, pool, phase, reason, person and time.") { task, uid, statistics, actions, everywhere, output };
        filters.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (format, scope) = (result.GetValue(output)!, result.GetValue(everywhere) ? "" : $"/namespaces/{Uri.EscapeDataString(session.Namespace)}");
            var name = result.GetValue(task);
            if (result.GetValue(statistics) && result.GetValue(actions)) throw new CliException(ExitCodes.Usage, "--statistics and --actions exclude each other.");
            if (result.GetValue(statistics) && name is not null) throw new CliException(ExitCodes.Usage, "Statistics are of many tasks: choose them by filters, not by name.");
            if (result.GetValue(uid) is not null && (name is null || result.GetValue(actions))) throw new CliException(ExitCodes.Usage, "--uid chooses among tasks of one name; give the name, and not --actions.");
            if (result.GetValue(actions))
            {
                var acts = await ReadAsync(session, scope + "/actions" + filters.ForActions(result, name), HistoryJson.Default.IReadOnlyListAuditRecord, cancellationToken);
                Print(format, acts, HistoryJson.Default.IReadOnlyListAuditRecord, "actions", () => HistoryTables.Acts(acts).ToText(), () => HistoryTables.Acts(acts));
                SayIfCut(acts.Count, filters.Limit(result));
            }
            else if (name is not null)
            {
                filters.RefuseAll(result);
                var path = $"/namespaces/{Uri.EscapeDataString(session.Namespace)}/tasks/{Uri.EscapeDataString(name)}/story" + (result.GetValue(uid) is { } given ? "?uid=" + Uri.EscapeDataString(given) : "");
                var story = await ReadAsync(session, path, HistoryJson.Default.TaskStory, cancellationToken);
                Print(format, story, HistoryJson.Default.TaskStory, "story", () => StoryText.Write(story), () => HistoryTables.Transitions(story.Transitions));
            }
            else if (result.GetValue(statistics))
            {
                var numbers = await ReadAsync(session, scope + "/statistics" + filters.ForStatistics(result), HistoryJson.Default.HistoryStatistics, cancellationToken);
                Print(format, numbers, HistoryJson.Default.HistoryStatistics, "statistics", () => HistoryTables.Statistics(numbers), () => HistoryTables.Stages(numbers));
            }
            else
            {
                var tasks = await ReadAsync(session, scope + "/history" + filters.ForTasks(result), HistoryJson.Default.IReadOnlyListTaskSummary, cancellationToken);
                Print(format, tasks, HistoryJson.Default.IReadOnlyListTaskSummary, "tasks", () => HistoryTables.Tasks(tasks).ToText(), () => HistoryTables.Tasks(tasks));
                SayIfCut(tasks.Count, filters.Limit(result));
            }
            return ExitCodes.Done;
        });
        return command;
    }

    // On the other stream, so that what a program reads stays as it is.
    private static void SayIfCut(int count, int limit)
    {
        if (count == limit) Console.Error.WriteLine($"These are the newest {limit}; there may be more: --limit N, or a filter.");
    }

    private static async Task<T> ReadAsync<T>(ClusterSession session, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var body = await session.Operator.OpenAsync(path, cancellationToken);
        return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new CliException(ExitCodes.Failed, "The operator's answer is empty.");
    }

    private static void Print<T>(string format, T value, JsonTypeInfo<T> type, string name, Func<string> text, Func<Cells> cells)
    {
        var node = JsonSerializer.SerializeToNode(value, type)!;
        Console.Write(format switch
        {
            OutputFormat.Json => Serialized.Json(node),
            OutputFormat.Yaml => Serialized.Yaml(node as JsonObject ?? new() { [name] = node }),
            Csv => cells().ToCsv(),
            _ => text(),
        });
    }
}
