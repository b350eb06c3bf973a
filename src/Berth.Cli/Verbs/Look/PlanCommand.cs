using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>The plan of a task: its text with what it is about, as JSON, or just the counts.</summary>
internal static class PlanCommand
{
    private const string Text = "text";
    private const string Counts = "counts";

    public static Command Create(ClusterOptions cluster)
    {
        var task = new Argument<string>("task") { Description = "Name of the task." };
        task.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var output = OutputFormat.Create(Text, Counts, OutputFormat.Json, OutputFormat.Yaml);
        var command = new Command("plan", "Show the plan of a task: what it would change, and the digest that an approval names.") { task, output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await session.TaskAsync(result.GetValue(task)!, cancellationToken);
            if (found.Status.Plan is not { } plan) throw new CliException(ExitCodes.NotWaiting, $"Task '{found.Metadata.Name}' has no plan: it is {found.Status.Phase}{(found.Status.Message is { } message ? $": {message}" : "")}");
            switch (result.GetValue(output))
            {
                case Counts:
                    Console.WriteLine(plan.Summary);
                    break;
                case OutputFormat.Json:
                    Console.Write(Serialized.Json(await DocumentAsync(session, found, plan, cancellationToken)));
                    break;
                case OutputFormat.Yaml:
                    Console.Write(Serialized.Yaml(await DocumentAsync(session, found, plan, cancellationToken)));
                    break;
                default:
                    Console.WriteLine(PlanSummary.Describe(found));
                    Console.Write(await ReadAsync(session, found, cancellationToken));
                    break;
            }
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>The text of the plan, with a line end.</summary>
    /// <exception cref="CliException">It cannot be had; the message says why.</exception>
    public static async Task<string> ReadAsync(ClusterSession session, TaskResource task, CancellationToken cancellationToken)
    {
        await using var body = await session.Operator.OpenAsync(task.Metadata.Namespace ?? session.Namespace, task.Metadata.Name, "plan", cancellationToken);
        using var reader = new StreamReader(body);
        var text = await reader.ReadToEndAsync(cancellationToken);
        return text.EndsWith('\n') ? text : text + "\n";
    }

    private static async Task<JsonObject> DocumentAsync(ClusterSession session, TaskResource task, PlanStatus plan, CancellationToken cancellationToken) => new()
    {
        ["namespace"] = task.Metadata.Namespace,
        ["task"] = task.Metadata.Name,
        ["uid"] = task.Metadata.Uid,
        ["run"] = task.Status.Run,
        ["workspace"] = task.Spec.Workspace,
        ["phase"] = task.Status.Phase.ToString(),
        ["digest"] = plan.Digest,
        ["summary"] = plan.Summary,
        ["counts"] = plan.Counts is { } counts ? new JsonObject { ["add"] = counts.Add, ["change"] = counts.Change, ["destroy"] = counts.Destroy } : null,
        ["at"] = plan.At.ToString("O"),
        ["stored"] = plan.Stored,
        ["artifacts"] = new JsonArray([.. (plan.Artifacts ?? []).Select(a => (JsonNode)new JsonObject { ["path"] = a.Path, ["digest"] = a.Digest, ["size"] = a.Size })]),
        ["text"] = await ReadAsync(session, task, cancellationToken),
    };
}
