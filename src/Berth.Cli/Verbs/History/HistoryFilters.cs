using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>What a question about the history can be narrowed by. A filter that a question does not know is refused, not left out.</summary>
internal sealed class HistoryFilters
{
    private static readonly string[] OfTasks = ["workspace", "pool", "phase", "reason", "person", "since", "until", "limit"];
    private static readonly string[] OfActions = ["person", "verb", "since", "until", "limit"];
    private static readonly string[] Words = ["workspace", "pool", "phase", "reason", "person", "verb"];
    private readonly Dictionary<string, Option<string?>> words = Words.ToDictionary(w => w, w => new Option<string?>("--" + w) { Description = w == "verb" ? "With --actions: only this verb." : $"Only of this {w}.", HelpName = w.ToUpperInvariant() });
    private readonly Option<string?> since = new("--since") { Description = "From then on: a time, or an age such as 7d.", HelpName = "WHEN" };
    private readonly Option<string?> until = new("--until") { Description = "Up to then: a time, or an age such as 1d.", HelpName = "WHEN" };
    private readonly Option<int> limit = new("--limit") { Description = "At most so many, newest first.", DefaultValueFactory = _ => 100, HelpName = "N" };

    public void AddTo(Command command)
    {
        words["phase"].CompletionSources.Add([.. Enum.GetNames<TaskPhase>()]);
        limit.Take(1, 100_000, "a number from 1 to 100000");
        foreach (var option in words.Values) command.Options.Add(option);
        foreach (var option in new Option[] { since, until, limit }) command.Options.Add(option);
    }

    /// <summary>How many rows are asked for at most.</summary>
    public int Limit(ParseResult result) => result.GetValue(limit);

    /// <summary>For a question about one task's whole story.</summary>
    public void RefuseAll(ParseResult result) => Refuse(result, [], "A task's story is told whole");

    /// <summary>For a list of tasks.</summary>
    public string ForTasks(ParseResult result) => Query(result, OfTasks, "Tasks are listed");

    /// <summary>For a list of actions.</summary>
    public string ForActions(ParseResult result, string? task) => Query(result, OfActions, "Actions are listed", task);

    /// <summary>For statistics, which know all tasks that fit.</summary>
    public string ForStatistics(ParseResult result) => Query(result, [.. OfTasks.Where(f => f != "limit")], "Statistics are made");

    private string Query(ParseResult result, IReadOnlyList<string> known, string what, string? name = null)
    {
        Refuse(result, known, what);
        var parts = words.Select(w => (w.Key, Value: result.GetValue(w.Value))).Append(("name", name)).Append(("since", When(result.GetValue(since)))).Append(("until", When(result.GetValue(until))))
            .Append(("limit", result.GetValue(limit).ToString(CultureInfo.InvariantCulture))).Where(p => p.Item2 is { Length: > 0 });
        return "?" + string.Join('&', parts.Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}"));
    }

    private void Refuse(ParseResult result, IReadOnlyList<string> known, string what)
    {
        var given = words.Select(w => (Name: w.Key, Option: (Option)w.Value)).Append(("since", since)).Append(("until", until)).Append(("limit", limit)).Where(o => result.GetResult(o.Item2) is { Implicit: false }).Select(o => o.Item1);
        if (given.FirstOrDefault(g => !known.Contains(g)) is not { } wrong) return;
        throw new CliException(ExitCodes.Usage, $"{what}{(known.Count == 0 ? "" : " by " + string.Join(", ", known.Select(k => "--" + k)))}, not by --{wrong}.");
    }

    private static string? When(string? text)
    {
        if (text is null) return null;
        if (RetentionPolicy.TryParseAge(text, out var age) && age is { } span) return (DateTimeOffset.UtcNow - span).ToString("O", CultureInfo.InvariantCulture);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)
            : throw new CliException(ExitCodes.Usage, $"'{text}' is no time; write 2026-11-03T10:00:00Z, or an age such as 7d or 12h.");
    }
}
