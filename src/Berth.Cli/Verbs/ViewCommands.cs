using System.CommandLine;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs;

/// <summary>Plan text and logs of a task, as the operator has them.</summary>
internal static class ViewCommands
{
    public static Command Plan()
    {
        var cluster = new ClusterOptions();
        var task = new Argument<string>("task") { Description = "Name of the task." };
        var command = new Command("plan", "Show the plan of a task.") { task };
        cluster.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await session.TaskAsync(result.GetValue(task)!, cancellationToken);
            if (found.Status.Plan is null) throw new CliException(ExitCodes.NotWaiting, $"Task '{found.Metadata.Name}' has no plan: it is {found.Status.Phase}{(found.Status.Message is { } message ? $": {message}" : "")}");
            Console.WriteLine(PlanSummary.Describe(found));
            await CopyAsync(session, found.Metadata.Name, "plan", cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Logs()
    {
        var cluster = new ClusterOptions();
        var task = new Argument<string>("task") { Description = "Name of the task." };
        var attempt = new Option<string?>("--attempt") { Description = "An attempt other than the latest: its id, or its number.", HelpName = "ID" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the attempt has ended." };
        var command = new Command("logs", "Show what the commands of a task printed.") { task, attempt, follow };
        cluster.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            List<string> query = [];
            if (result.GetValue(attempt) is { } id) query.Add("attempt=" + Uri.EscapeDataString(id));
            if (result.GetValue(follow)) query.Add("follow=true");
            await CopyAsync(session, result.GetValue(task)!, query.Count == 0 ? "logs" : "logs?" + string.Join('&', query), cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task CopyAsync(ClusterSession session, string task, string view, CancellationToken cancellationToken)
    {
        await using var body = await session.Operator.OpenAsync(session.Namespace, task, view, cancellationToken);
        await using var output = Console.OpenStandardOutput();
        await body.CopyToAsync(output, cancellationToken);
    }
}
