using System.CommandLine;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;

namespace Berth.Cli.Dev;

/// <summary>Runs the pods of any API server as local processes, in the foreground.</summary>
internal static class PodsCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "The cluster whose pods are run.", Required = true, HelpName = "K" };
        var directory = new Option<string?>("--dir") { Description = "Where volumes and logs are kept; a directory below /tmp if absent.", HelpName = "D" };
        var command = new Command("pods", "Run pods of any API server as local processes. Further options are the pod runner's own.") { kubeconfig, directory };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((result, _) => RunAsync(Path.GetFullPath(result.GetValue(kubeconfig)!), result.GetValue(directory), result.UnmatchedTokens));
        return command;
    }

    private static async Task<int> RunAsync(string kubeconfig, string? given, IReadOnlyList<string> more)
    {
        var directory = given ?? Directory.CreateTempSubdirectory("berth-").FullName;
        try
        {
            return await ForegroundProgram.RunAsync(Programs.DevCluster,
                ["pods", "--kubeconfig", kubeconfig, "--dir", directory, "--image", $"{OperatorReplica.AgentImage}={Programs.AgentDirectory}", .. more]);
        }
        finally
        {
            if (given is null) Directory.Delete(directory, recursive: true);
        }
    }
}
