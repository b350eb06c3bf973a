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
        var actions = new Option<bool>("--actions") { Description = "What people did, instead of tasks." };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var filters = new HistoryFilters();
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml, Csv);
        var command = new Command("history", "Show the story of a task, also after it is gone; or list tasks by workspace, pool, phase, reason, person and time.") { task, uid, statistics, actions, everywhere, output };
        filters.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (format, scope) = (result.GetValue(output)!, result.GetValue(everywhere) ? "" : $"/namespaces/{Uri.EscapeDataString(session.Namespace)}");
            if (result.GetValue(task) is { } name)
            {
                var path = $"/namespaces/{Uri.EscapeDataString(session.Namespace)}/tasks/{Uri.EscapeDataString(name)}/story" + (result.GetValue(uid) is { } given ? "?uid=" + Uri.EscapeDataString(given) : "");
                var story = await ReadAsync(session, path, HistoryJson.Default.TaskStory, cancellationToken);
                Print(format, story, HistoryJson.Default.TaskStory, "story", () => StoryText.Write(story), () => HistoryTables.Transitions(story.Transitions));
            }
            else if (result.GetValue(statistics))
            {
                var numbers = await ReadAsync(session, scope + "/statistics" + filters.Query(result), HistoryJson.Default.HistoryStatistics, cancellationToken);
                Print(format, numbers, HistoryJson.Default.HistoryStatistics, "statistics", () => HistoryTables.Statistics(numbers), () => HistoryTables.Stages(numbers));
            }
            else if (result.GetValue(actions))
            {
                var acts = await ReadAsync(session, scope + "/actions" + filters.Query(result), HistoryJson.Default.IReadOnlyListAuditRecord, cancellationToken);
                Print(format, acts, HistoryJson.Default.IReadOnlyListAuditRecord, "actions", () => HistoryTables.Acts(acts).ToText(), () => HistoryTables.Acts(acts));
            }
            else
            {
                var tasks = await ReadAsync(session, scope + "/history" + filters.Query(result), HistoryJson.Default.IReadOnlyListTaskSummary, cancellationToken);
                Print(format, tasks, HistoryJson.Default.IReadOnlyListTaskSummary, "tasks", () => HistoryTables.Tasks(tasks).ToText(), () => HistoryTables.Tasks(tasks));
            }
            return ExitCodes.Done;
        });
        return command;
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

/// <summary>The filters of a question, as the operator's query string.</summary>
internal sealed class HistoryFilters
{
    private static readonly string[] Words = ["workspace", "pool", "phase", "reason", "person", "verb"];
    private readonly Dictionary<string, Option<string?>> words = Words.ToDictionary(w => w, w => new Option<string?>("--" + w) { Description = w == "verb" ? "With --actions: only this verb." : $"Only of this {w}.", HelpName = w.ToUpperInvariant() });
    private readonly Option<string?> since = new("--since") { Description = "From then on: a time, or an age such as 7d.", HelpName = "WHEN" };
    private readonly Option<string?> until = new("--until") { Description = "Up to then: a time, or an age such as 1d.", HelpName = "WHEN" };
    private readonly Option<int> limit = new("--limit") { Description = "At most so many, newest first.", DefaultValueFactory = _ => 100, HelpName = "N" };

    public void AddTo(Command command)
    {
        foreach (var option in words.Values) command.Options.Add(option);
        foreach (var option in new Option[] { since, until, limit }) command.Options.Add(option);
    }

    public string Query(ParseResult result)
    {
        var parts = words.Select(w => (w.Key, Value: result.GetValue(w.Value))).Append(("since", When(result.GetValue(since)))).Append(("until", When(result.GetValue(until))))
            .Append(("limit", result.GetValue(limit).ToString(CultureInfo.InvariantCulture))).Where(p => p.Item2 is { Length: > 0 });
        return "?" + string.Join('&', parts.Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}"));
    }

    private static string? When(string? text)
    {
        if (text is null) return null;
        if (RetentionPolicy.TryParseAge(text, out var age) && age is { } span) return (DateTimeOffset.UtcNow - span).ToString("O", CultureInfo.InvariantCulture);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)
            : throw new CliException(ExitCodes.Usage, $"'{text}' is no time; write 2026-11-03T10:00:00Z, or an age such as 7d or 12h.");
    }
}
