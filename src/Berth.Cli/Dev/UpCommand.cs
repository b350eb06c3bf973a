using System.CommandLine;
using System.Diagnostics;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;

namespace Berth.Cli.Dev;

/// <summary>Starts everything in the background and returns when it is ready, or fails with the reason.</summary>
internal static class UpCommand
{
    private const int LinesOfLog = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static Command Create()
    {
        var arguments = new UpArguments();
        var command = new Command("up", "Start everything in the background.");
        arguments.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = arguments.Read(result);
            await StartAsync(options, text => Console.Error.WriteLine(text), cancellationToken);
            var directory = new InstanceDirectory(options.Directory);
            Console.WriteLine($"ready. Next:\n  export KUBECONFIG={directory.Kubeconfig} PATH={Path.GetDirectoryName(Programs.Self)}:$PATH\n  berth doctor\nmore in {directory.Env}");
            return 0;
        });
        return command;
    }

    /// <summary>Starts an instance; returns when it is ready.</summary>
    /// <exception cref="DevException">It does not come up; everything that was started has ended again.</exception>
    public static async Task StartAsync(UpOptions options, Action<string> progress, CancellationToken cancellationToken)
    {
        var directory = new InstanceDirectory(options.Directory);
        if (directory.ReadProcesses().FirstOrDefault(p => p.Process.IsAlive) is { Name: { } running })
            throw new DevException($"{directory.Path} is in use: its {running} runs. End it with: ./dev down --dir {directory.Path}");
        _ = options.Postgres is null ? null : PostgresAddress.Parse(options.Postgres);
        directory.Prepare();
        var supervisor = StartSupervisor(options, directory);
        directory.WriteProcesses([("supervisor", supervisor.Identity)]);
        try
        {
            await FollowAsync(directory, supervisor, progress, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await DownCommand.StopAsync(directory);
            throw;
        }
    }

    // In a session of its own, so that it outlives the caller's shell and terminal.
    private static ChildProcess StartSupervisor(UpOptions options, InstanceDirectory directory) =>
        ChildProcess.Run(new("supervisor", directory.Log("supervisor"), "setsid", [Programs.Self, "dev", "supervise", .. options.ToArguments()]));

    private static async Task FollowAsync(InstanceDirectory directory, ChildProcess supervisor, Action<string> progress, CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            var ended = supervisor.Exit.IsCompleted;
            var state = StartState.Read(directory);
            if (state?.Word == StartState.Ready)
            {
                if (state.Text.Length > 0) progress(state.Text);
                return;
            }
            if (state?.Word == StartState.Failed)
            {
                await supervisor.Exit.WaitAsync(cancellationToken);
                throw new DevException(state.Text + Tail(state.Log));
            }
            if (ended) throw new DevException($"The supervisor ended with code {await supervisor.Exit}.{Tail(directory.Log("supervisor"))}");
            if (state is not null && state.Text != told) progress(told = state.Text);
            await Task.Delay(Interval, cancellationToken);
        }
    }

    private static string Tail(string? log)
    {
        if (log is null || !File.Exists(log)) return "";
        var lines = File.ReadLines(log).TakeLast(LinesOfLog).Select(l => "\n  " + l);
        return $"\nThe end of {log}:{string.Concat(lines)}";
    }
}
