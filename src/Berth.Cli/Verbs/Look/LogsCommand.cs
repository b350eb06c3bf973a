using System.CommandLine;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>Shows what the commands of a task printed.</summary>
internal static class LogsCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var task = new Argument<string>("task") { Description = "Name of the task." };
        task.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var attempt = new Option<string?>("--attempt") { Description = "An attempt other than the latest: its id, or its number.", HelpName = "ID" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the attempt has ended; waits for its beginning, and goes on where it was when an operator goes." };
        var offset = new Option<long>("--offset") { Description = "Begin after so many bytes.", HelpName = "BYTES" };
        offset.Take(0, long.MaxValue, "a number of bytes, 0 or more");
        var command = new Command("logs", "Show what the commands of a task printed.") { task, attempt, follow, offset };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            await using var output = Console.OpenStandardOutput();
            await new LogReader(session, result.GetValue(task)!, result.GetValue(attempt), result.GetValue(follow)).CopyAsync(output, result.GetValue(offset), cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }
}
