using System.CommandLine;
using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;
using Berth.DevCluster;

namespace Berth.Cli.Dev;

/// <summary>Runs one operator in the foreground against any cluster; with a private database unless one is named.</summary>
internal static class OperatorCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "The cluster to operate.", Required = true, HelpName = "K" };
        var postgres = new Option<string?>("--postgres") { Description = "The database for history; a private server for as long as this runs, if absent.", HelpName = "DSN" };
        var command = new Command("operator", "Run one operator in the foreground. Further options are the operator's own (--Section:Key=value).") { kubeconfig, postgres };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((result, cancellationToken) =>
            RunAsync(Path.GetFullPath(result.GetValue(kubeconfig)!), result.GetValue(postgres), result.UnmatchedTokens, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string kubeconfig, string? postgres, IReadOnlyList<string> more, CancellationToken cancellationToken)
    {
        using var access = new ClusterAccess(kubeconfig);
        await access.EnsureNamespaceAsync(cancellationToken);
        if (postgres is not null) return await RunAsync(kubeconfig, PostgresAddress.Parse(postgres), more);
        var directory = new InstanceDirectory(Directory.CreateTempSubdirectory("berth-").FullName);
        directory.Prepare();
        var server = await PostgresServer.CreateAsync(directory, static () => { });
        var running = server.Program.RunAsync(cancellationToken);
        try
        {
            await server.CreateDatabaseAsync(cancellationToken);
            await Console.Error.WriteLineAsync($"history goes to {server.Address.Uri} for as long as this runs");
            return await RunAsync(kubeconfig, server.Address, more);
        }
        finally
        {
            await server.Program.StopAsync();
            await running;
            directory.Remove();
        }
    }

    private static Task<int> RunAsync(string kubeconfig, PostgresAddress postgres, IReadOnlyList<string> more)
    {
        var ports = FreePorts.Take(3).Select(p => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{p}")).ToList();
        var arguments = OperatorReplica.Arguments($"{Environment.MachineName}-{Environment.ProcessId}", kubeconfig, postgres, ports[0], ports[1], [ports[1]], ports[2]);
        return ForegroundProgram.RunAsync(Programs.Operator, arguments.Concat(more));
    }
}
