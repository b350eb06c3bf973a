using System.CommandLine;
using System.Runtime.InteropServices;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;

namespace Berth.Cli.Dev;

/// <summary>The process that `up` leaves behind: it starts everything, starts again what may be, and ends everything on TERM.</summary>
internal static class SuperviseCommand
{
    public static Command Create()
    {
        var arguments = new UpArguments();
        var command = new Command("supervise", "What `up` leaves behind.") { Hidden = true };
        arguments.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(arguments.Read(result), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(UpOptions options, CancellationToken cancellationToken)
    {
        var directory = new InstanceDirectory(options.Directory);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        Posix.AdoptOrphans();
        var reaper = OrphanReaper.RunAsync(stop.Token);
        try
        {
            await using var stack = new RunningStack(options, directory);
            var code = await RunAsync(stack, directory, options.While, stop.Token);
            return code;
        }
        finally
        {
            await stop.CancelAsync();
            await reaper;
            await OrphanReaper.EndAllAsync();
        }
    }

    private static async Task<int> RunAsync(RunningStack stack, InstanceDirectory directory, int? owner, CancellationToken stop)
    {
        try
        {
            await stack.StartAsync(stop);
            new StartState(StartState.Ready, stack.Note).Write(directory);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            new StartState(StartState.Failed, "Stopped while starting.").Write(directory);
            return 1;
        }
        catch (DevException error)
        {
            new StartState(StartState.Failed, OneLine(error.Message), error.Log).Write(directory);
            return 1;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            new StartState(StartState.Failed, OneLine(error.Message), directory.Log("supervisor")).Write(directory);
            return 1;
        }
        await (owner is { } pid ? UntilGoneAsync(pid, stop) : Task.Delay(Timeout.Infinite, stop)).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }

    private static async Task UntilGoneAsync(int pid, CancellationToken stop)
    {
        if (ProcessIdentity.Of(pid) is not { } owner) return;
        while (owner.IsAlive) await Task.Delay(TimeSpan.FromSeconds(1), stop);
        Console.WriteLine($"process {owner.Pid} is gone, and with it the need for this instance");
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
