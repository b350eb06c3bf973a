using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using Berth.Cli.Access;
using Berth.Cli.Dev;
using Berth.Cli.Verbs;
using Berth.Cli.Verbs.Cleanup;
using Berth.Cli.Verbs.Completion;
using Berth.Cli.Verbs.Decide;
using Berth.Cli.Verbs.Doctor;
using Berth.Cli.Verbs.History;
using Berth.Cli.Verbs.Look;
using Berth.Cli.Verbs.Steer;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli;

/// <summary>The root of the command line: what there is to type.</summary>
internal static class BerthCommand
{
    // Not a RootCommand: that one goes by the name of the program file.
    public static Command Create()
    {
        var cluster = new ClusterOptions();
        var root = new Command("berth", "Berth: tasks that plan, wait for an approval, and apply on warm slots.")
        {
            new HelpOption(),
            new VersionOption(),
            GetCommand.Create(cluster),
            DescribeCommand.Create(cluster),
            PlanCommand.Create(cluster),
            ApproveCommand.Approve(cluster),
            ApproveCommand.Reject(cluster),
            ResolveCommand.Create(cluster),
            LogsCommand.Create(cluster),
            HistoryCommand.Create(cluster),
            CleanupCommand.Create(cluster),
            BackupCommand.Create(cluster),
            RestoreCommand.Create(cluster),
            VerifyCommand.Create(cluster),
            CheckpointsCommand.Create(cluster),
            TaskCommands.Suspend(cluster),
            TaskCommands.Resume(cluster),
            TaskCommands.Stop(cluster),
            TaskCommands.Requeue(cluster),
            AckCommand.Create(cluster),
            TaskCommands.Delete(cluster),
            PoolCommand.Create(cluster),
            LeaderCommand.Create(cluster),
            ViewListCommand.Queue(cluster),
            ViewListCommand.Slots(cluster),
            TopCommand.Create(cluster),
            DoctorCommand.Create(cluster),
            CompletionCommand.Create(),
            DevCommand.Create(),
        };
        cluster.AddTo(root);
        return root;
    }

    /// <summary>Runs a command line; errors that people can mend are printed without a stack.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [CompletionCommand.Answer, .. var words]) return CompletionCommand.Complete(Create(), words);
        var result = Create().Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors) await Console.Error.WriteLineAsync("berth: " + error.Message);
            await Console.Error.WriteLineAsync($"See: {Path(result)} --help");
            return ExitCodes.Usage;
        }
        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (CliException error)
        {
            await Console.Error.WriteLineAsync("berth: " + error.Message);
            return error.ExitCode;
        }
        catch (Exception error) when (error is DevException or HistoryUnavailableException or ArchiveException or ArtifactMismatchException or InvalidDataException or KubernetesException or KubernetesConfigException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("berth: " + error.Message);
            return ExitCodes.Failed;
        }
        catch (Exception error) when (error is JsonException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync($"berth: the answer cannot be read: {error.Message}. Is that address the cluster's, or the operator's? 'berth doctor' says more.");
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Cancelled;
        }
    }

    private static string Path(ParseResult result)
    {
        var words = new List<string>();
        for (var at = result.CommandResult; at is not null; at = at.Parent as System.CommandLine.Parsing.CommandResult) words.Insert(0, at.Command.Name);
        return string.Join(' ', words);
    }
}
