using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>Removes old history, after showing what would go.</summary>
internal static class CleanupCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var olderThan = new Option<string>("--older-than") { Description = "Age counted from a task's end: 90d, 12h.", Required = true, HelpName = "AGE" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would go." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing." };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json);
        var database = new DatabaseOptions();
        var command = new Command("cleanup", "Remove history that is older than an age. What belongs to a task that has not ended stays. Opens the database.") { olderThan, dryRun, yes, output };
        database.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var text = result.GetValue(olderThan)!;
            if (!RetentionPolicy.TryParseAge(text, out var age) || age is not { } span) throw new CliException(ExitCodes.Usage, $"'{text}' is no age; write 90d or 12h.");
            using var session = cluster.Open(result);
            await using var store = await database.OpenAsync(result, session, cancellationToken);
            var policy = RetentionPolicy.OlderThan(span);
            var wanted = await store.CleanUpAsync(policy, dryRun: true, cancellationToken);
            if (result.GetValue(dryRun) || wanted.Rows == 0) return Print(wanted, result.GetValue(output)!);
            if (!result.GetValue(yes))
            {
                Print(wanted, OutputFormat.Table);
                Question.MustConfirm($"Remove {wanted.Rows} rows for good?", "give --yes.");
            }
            var done = await store.CleanUpAsync(policy, dryRun: false, cancellationToken);
            if (done.AlreadyUnderWay) throw new CliException(ExitCodes.NotWaiting, "Another cleanup is under way (the leader's, or somebody's); it was left to it. Try again in a minute.");
            await DatabaseOptions.NoteAsync(store, session, "cleanup", "Done", $"older than {text}: {done.Rows} rows", cancellationToken);
            return Print(done, result.GetValue(output)!);
        });
        return command;
    }

    private static int Print(CleanupReport report, string format)
    {
        var rows = report.Steps.Select(s => (IReadOnlyList<string>)[s.Table, s.Rows.ToString(CultureInfo.InvariantCulture), string.Join(", ", s.PartitionsDropped)]).ToList();
        Console.Write(format == OutputFormat.Json
            ? Serialized.Json(JsonSerializer.SerializeToNode(report, HistoryJson.Default.CleanupReport)!)
            : rows.Count == 0 ? "There is nothing to remove.\n" : TextTable.Write(["Table", report.DryRun ? "Would-Go" : "Removed", "Whole partitions"], rows));
        return ExitCodes.Done;
    }
}
