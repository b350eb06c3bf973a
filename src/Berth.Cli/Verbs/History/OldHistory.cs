using System.CommandLine;
using System.Globalization;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary><c>cleanup --older-than</c>: removes old history, after showing what would go. Opens the database.</summary>
internal sealed class OldHistory
{
    private readonly Option<string?> olderThan = new("--older-than") { Description = "Remove history of every namespace that is older than this, counted from a task's end: 90d, 12h. What belongs to a task that has not ended stays. Opens the database.", HelpName = "AGE" };
    private readonly DatabaseOptions database = new();

    public void AddTo(Command command)
    {
        command.Options.Add(olderThan);
        database.AddTo(command);
    }

    public bool IsWanted(ParseResult result) => result.GetValue(olderThan) is not null;

    /// <exception cref="CliException">The age is none, another cleanup is under way, or the answer is no.</exception>
    public async Task RemoveAsync(ParseResult result, ClusterSession session, bool dryRun, bool confirmed, CancellationToken cancellationToken)
    {
        var text = result.GetValue(olderThan)!;
        if (!RetentionPolicy.TryParseAge(text, out var age) || age is not { } span) throw new CliException(ExitCodes.Usage, $"'{text}' is no age; write 90d or 12h.");
        await using var store = await database.OpenAsync(result, session, cancellationToken);
        var policy = RetentionPolicy.OlderThan(span);
        var wanted = await CleanUpAsync(store, policy, dryRun: true, cancellationToken);
        Print(wanted);
        if (dryRun || wanted.Rows == 0) return;
        if (!confirmed) Question.MustConfirm($"Remove {wanted.Rows} rows, of every namespace, for good?", "give --yes.");
        var done = await CleanUpAsync(store, policy, dryRun: false, cancellationToken);
        if (done.AlreadyUnderWay) throw new CliException(ExitCodes.NotWaiting, "Another cleanup is under way (the leader's, or somebody's); it was left to it. Try again in a minute.");
        await DatabaseOptions.NoteAsync(store, session, "cleanup", "Done", $"older than {text}: {done.Rows} rows", cancellationToken);
        Print(done);
    }

    private static async Task<CleanupReport> CleanUpAsync(HistoryStore store, RetentionPolicy policy, bool dryRun, CancellationToken cancellationToken)
    {
        using var progress = new Progress();
        return await store.CleanUpAsync(policy, dryRun, progress.Tell, cancellationToken);
    }

    private static void Print(CleanupReport report)
    {
        var rows = report.Steps.Select(s => (IReadOnlyList<string>)[s.Table, s.Rows.ToString(CultureInfo.InvariantCulture), string.Join(", ", s.PartitionsDropped)]).ToList();
        Console.Write(rows.Count == 0 ? "history: there is nothing to remove\n" : TextTable.Write(["Table", report.DryRun ? "Would-Go" : "Removed", "Whole partitions"], rows));
    }
}
