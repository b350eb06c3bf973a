using System.CommandLine;
using System.CommandLine.Help;
using Berth.Cli.Dev;
using Berth.Cli.Verbs;
using Berth.Kubernetes;

namespace Berth.Cli;

/// <summary>The root of the command line: what there is to type.</summary>
internal static class BerthCommand
{
    // Not a RootCommand: that one goes by the name of the program file.
    public static Command Create() => new("berth", "Berth: tasks that plan, wait for an approval, and apply on warm slots.")
    {
        new HelpOption(),
        new VersionOption(),
        GetCommand.Create(),
        ViewCommands.Plan(),
        ApproveCommand.Approve(),
        ApproveCommand.Reject(),
        ResolveCommand.Create(),
        ViewCommands.Logs(),
        HistoryCommand.Create(),
        CheckpointsCommand.Create(),
        DevCommand.Create(),
    };

    /// <summary>Runs a command line; errors that people can mend are printed without a stack.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var result = Create().Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors) await Console.Error.WriteLineAsync("berth: " + error.Message);
            await Console.Error.WriteLineAsync("See: berth --help");
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
        catch (Exception error) when (error is DevException or KubernetesException or KubernetesConfigException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("berth: " + error.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Cancelled;
        }
    }
}
