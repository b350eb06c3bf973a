using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Steer;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs;

/// <summary>Time travel: what the commands of a task saved, any of it as files, a save now, and a new run from any of them.</summary>
internal static class CheckpointsCommand
{
    public static Command Create(ClusterOptions cluster) => new("checkpoints", "List, fetch, save and resume from checkpoints of a task.") { List(cluster), Fetch(cluster), Save(cluster), Resume(cluster) };

    private static Argument<string> Task() => new("task") { Description = "Name of the task." };

    private static Command List(ClusterOptions cluster)
    {
        var task = Task();
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml);
        var command = new Command("list", "List the checkpoints that are kept, newest first.") { task, output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            await using var body = await session.Operator.OpenAsync(session.Namespace, result.GetValue(task)!, "checkpoints", cancellationToken);
            var entries = (await JsonNode.ParseAsync(body, cancellationToken: cancellationToken))!.AsArray();
            Console.Write(result.GetValue(output) switch
            {
                OutputFormat.Json => Serialized.Json(entries),
                OutputFormat.Yaml => Serialized.Yaml(new() { ["checkpoints"] = entries.DeepClone() }),
                _ => TextTable.Write(["Name", "Created", "Size", "Digest"], entries.Select(e => (IReadOnlyList<string>)[Text(e, "name"), Text(e, "createdAt"), Text(e, "size"), Digests.Short(Text(e, "digest"))]).ToList()),
            });
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Fetch(ClusterOptions cluster)
    {
        var task = Task();
        var name = new Argument<string>("name") { Description = "Name from the list, or latest.", DefaultValueFactory = _ => "latest" };
        var file = new Option<string?>("--to", "-f") { Description = "File to write the tar to; '-' for standard output. TASK-NAME.tar unless given.", HelpName = "FILE" };
        var command = new Command("fetch", "Fetch a checkpoint as a tar.") { task, name, file };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (of, wanted) = (result.GetValue(task)!, result.GetValue(name)!);
            await using var body = await session.Operator.OpenAsync(session.Namespace, of, $"checkpoints/{Uri.EscapeDataString(wanted)}", cancellationToken);
            var path = result.GetValue(file) ?? $"{of}-{wanted}.tar";
            await using var target = path == "-" ? Console.OpenStandardOutput() : File.Create(path);
            await body.CopyToAsync(target, cancellationToken);
            if (path != "-") Console.WriteLine($"{path} written; see it with: tar -tf {path}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Save(ClusterOptions cluster)
    {
        var task = Task();
        var options = new ActingOptions();
        var command = new Command("save", "Ask for a checkpoint of the running command now.") { task };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await WithCheckpointsAsync(session, result.GetValue(task)!, cancellationToken);
            if (found.Status.Phase is not (TaskPhase.Planning or TaskPhase.Running))
                throw new CliException(ExitCodes.NotWaiting, $"Task '{found.Metadata.Name}' runs no command that saves: it is {found.Status.Phase}.");
            var request = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            var act = await Act.BeginAsync(session, "checkpoints save", options.Comment(result), options.IsDryRun(result), cancellationToken);
            await act.ChangeAsync(BerthResources.Tasks, KeyOf(found), Act.Annotation(Names.CheckpointAnnotation, request), cancellationToken);
            Console.WriteLine(act.IsDryRun ? $"task {found.Metadata.Name}: a checkpoint would be asked for{act.Suffix}" : $"Asked. It is stored when 'kubectl get events' shows {Reasons.CheckpointSaved}, and then in: berth checkpoints list {found.Metadata.Name}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Resume(ClusterOptions cluster)
    {
        var task = Task();
        var name = new Argument<string>("name") { Description = "Name from the list, or latest.", DefaultValueFactory = _ => "latest" };
        var options = new ActingOptions();
        var command = new Command("resume", "Run a finished task again, from one of its checkpoints.") { task, name };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await WithCheckpointsAsync(session, result.GetValue(task)!, cancellationToken);
            if (!found.Status.Phase.IsTerminal()) throw new CliException(ExitCodes.NotWaiting, $"Task '{found.Metadata.Name}' is not over: it is {found.Status.Phase}. Stop it first: berth stop {found.Metadata.Name}");
            var requeue = Math.Max(found.Spec.Requeue ?? 0, found.Status.ObservedRequeue) + 1;
            // A Run has no approval before it: its command is started again at once.
            if (found.Spec.Type == TaskType.Run && !options.IsConfirmed(result)) Question.MustConfirm($"The command of '{found.Metadata.Name}' is run again, without an approval. Do it?", "give --yes.");
            var act = await Act.BeginAsync(session, "checkpoints resume", options.Comment(result), options.IsDryRun(result), cancellationToken);
            await act.ChangeAsync(BerthResources.Tasks, KeyOf(found), new() { ["spec"] = new JsonObject { ["resumeFrom"] = result.GetValue(name), ["requeue"] = requeue, ["desiredState"] = nameof(DesiredState.Running) } }, cancellationToken, found.Metadata.Generation);
            Console.WriteLine($"Run {found.Status.Run + 1} of task {found.Metadata.Name} begins from checkpoint {result.GetValue(name)}{act.Suffix}.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<TaskResource> WithCheckpointsAsync(ClusterSession session, string name, CancellationToken cancellationToken)
    {
        var found = await session.TaskAsync(name, cancellationToken);
        return found.Spec.Checkpoint is not null ? found : throw new CliException(ExitCodes.NotWaiting, $"Task '{name}' has no checkpoints: its spec.checkpoint is not set.");
    }

    private static ObjectKey KeyOf(TaskResource task) => new(task.Metadata.Namespace, task.Metadata.Name);

    private static string Text(JsonNode? entry, string field) => entry?[field]?.ToString() ?? "";
}
