using System.CommandLine;
using Berth.Cli.Dev;
using Berth.Kubernetes;

namespace Berth.Cli;

/// <summary>The root of the command line: what there is to type.</summary>
internal static class BerthCommand
{
    public static RootCommand Create() => new("Berth: tasks that plan, wait for an approval, and apply on warm slots.")
    {
        DevCommand.Create(),
    };

    /// <summary>Runs a command line; errors that people can mend are printed without a stack.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var result = Create().Parse(args);
        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (error is DevException or KubernetesException or KubernetesConfigException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("berth: " + error.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            const int interrupted = 130;
            return interrupted;
        }
    }
}
