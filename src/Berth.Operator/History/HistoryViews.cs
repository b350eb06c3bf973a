using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Berth.Api;
using Berth.History;
using Berth.Operator.View;
using Berth.Operator.View.Tables;

namespace Berth.Operator.History;

/// <summary>Questions about more than one task, answered from the database: which there were, what people did, how it went on the whole.</summary>
internal sealed class HistoryViews(HistoryStore store)
{
    /// <summary>The resources that are served; each may be listed in one namespace or in all.</summary>
    public static IReadOnlyList<string> Names { get; } = ["actions", "history", "statistics"];

    /// <summary>Answers one.</summary>
    public async Task<IResult> AnswerAsync(string view, string? ns, HttpContext context)
    {
        try
        {
            var query = new HistoryQuery(ns, context.Request.Query);
            var asTable = ViewEndpoints.WantsTable(context);
            switch (view)
            {
                case "history":
                    var tasks = await store.ListTasksAsync(query.Tasks(), context.RequestAborted);
                    return asTable ? HistoryTables.Of(tasks) : Json(tasks, HistoryJson.Default.IReadOnlyListTaskSummary);
                case "actions":
                    var acts = await store.ListAuditAsync(query.Acts(), context.RequestAborted);
                    return asTable ? HistoryTables.Of(acts) : Json(acts, HistoryJson.Default.IReadOnlyListAuditRecord);
                default:
                    var numbers = await store.GetStatisticsAsync(query.Tasks(), context.RequestAborted);
                    return asTable ? HistoryTables.Of(numbers) : Json(numbers, HistoryJson.Default.HistoryStatistics);
            }
        }
        catch (FormatException e)
        {
            return ViewStatus.Of(StatusCodes.Status400BadRequest, "BadRequest", e.Message);
        }
        catch (HistoryUnavailableException e) when (e.Reason == HistoryUnavailableReason.Timeout)
        {
            return ViewStatus.Of(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", $"the database did not answer in time: ask for less, by --since or another filter; or it is not well: {e.Message}");
        }
        catch (HistoryUnavailableException e)
        {
            return ViewStatus.Of(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", $"the database does not answer: {e.Message}");
        }
    }

    private static IResult Json<T>(T value, JsonTypeInfo<T> type) => Results.Text(JsonSerializer.Serialize(value, type), "application/json");
}

/// <summary>Filters as they stand in a query string; a word that means nothing is refused.</summary>
internal sealed class HistoryQuery(string? ns, IQueryCollection query)
{
    public TaskFilter Tasks() => new()
    {
        Namespace = ns,
        Name = Text("name"),
        Workspace = Text("workspace"),
        Pool = Text("pool"),
        Phase = Text("phase") is not { } phase ? null : Enum.TryParse<TaskPhase>(phase, ignoreCase: true, out var known) ? known : throw new FormatException($"'{phase}' is no phase; there are {string.Join(", ", Enum.GetNames<TaskPhase>())}"),
        Reason = Text("reason"),
        Person = Text("person"),
        Since = Time("since"),
        Until = Time("until"),
        Limit = Limit(),
    };

    public AuditFilter Acts() => new() { Namespace = ns, Name = Text("name"), Person = Text("person"), Verb = Text("verb"), Since = Time("since"), Until = Time("until"), Limit = Limit() };

    private string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    private DateTimeOffset? Time(string name) =>
        Text(name) is not { } text ? null : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : throw new FormatException($"{name}: '{text}' is no time; write 2026-11-03T10:00:00Z");

    private int Limit() => Text("limit") is not { } text ? 100 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : throw new FormatException($"limit: '{text}' is no number");
}
