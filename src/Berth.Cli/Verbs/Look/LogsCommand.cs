using System.CommandLine;
using Berth.Cli.Access;

namespace Berth.Cli.Verbs.Look;

/// <summary>What the commands of a task printed.</summary>
internal static class LogsCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var task = new Argument<string>("task") { Description = "Name of the task." };
        task.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var attempt = new Option<string?>("--attempt") { Description = "An attempt other than the latest: its id, or its number.", HelpName = "ID" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the attempt has ended." };
        var command = new Command("logs", "Show what the commands of a task printed.") { task, attempt, follow };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            List<string> query = [];
            if (result.GetValue(attempt) is { } id) query.Add("attempt=" + Uri.EscapeDataString(id));
            if (result.GetValue(follow)) query.Add("follow=true");
            await using var body = await session.Operator.OpenAsync(session.Namespace, result.GetValue(task)!, query.Count == 0 ? "log" : "log?" + string.Join('&', query), cancellationToken);
            await using var output = Console.OpenStandardOutput();
            await body.CopyToAsync(output, cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }
}
