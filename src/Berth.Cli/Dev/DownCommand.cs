using System.CommandLine;
using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;

namespace Berth.Cli.Dev;

/// <summary>Ends exactly what `up` started, and the processes below it; the logs stay.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Orderly = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Forced = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var path = new Option<string>("--dir") { Description = "The directory given to `up`.", Required = true, HelpName = "D" };
        var command = new Command("down", "End what `up` started.") { path };
        command.SetAction(async (result, _) =>
        {
            var directory = new InstanceDirectory(result.GetValue(path)!);
            if (!Directory.Exists(directory.Path)) throw new DevException($"There is no directory {directory.Path}: nothing was ever started there.");
            if (!directory.IsInstance) throw new DevException($"{directory.Path} is no directory of `up`: nothing in it is touched.");
            var ended = await StopAsync(directory);
            Console.WriteLine(ended == 0 ? $"nothing runs in {directory.Path}" : $"ended what ran in {directory.Path}; logs are in {directory.Logs}");
            return 0;
        });
        return command;
    }

    /// <summary>Ends an instance; tells how many of its processes ran.</summary>
    public static async Task<int> StopAsync(InstanceDirectory directory)
    {
        var recorded = directory.ReadProcesses();
        var all = ProcessTable.WithDescendants(recorded.Select(p => p.Process));
        var supervisor = recorded.FirstOrDefault(p => p.Name == "supervisor").Process;
        if (supervisor.Signal(Posix.Terminate)) await GoneAsync([supervisor], Orderly);
        // Whatever the supervisor did not end, or everything if it was itself gone: first politely, from the leaves' owners on.
        foreach (var (_, process) in recorded.Reverse())
            if (process.Signal(Posix.Terminate)) await GoneAsync([process], Forced);
        foreach (var process in all) process.Signal(Posix.Kill);
        await GoneAsync(all, Forced);
        await EndDatabaseAsync(directory.Postgres);
        foreach (var file in new[] { directory.Env, directory.Processes, directory.State })
            if (File.Exists(file)) File.Delete(file);
        foreach (var folder in new[] { directory.Postgres, directory.Pods, directory.Short })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        return all.Count;
    }

    /// <summary>A server that somebody started again by hand is not in our records, but its own file in the data directory names it.</summary>
    private static async Task EndDatabaseAsync(string data)
    {
        var file = Path.Combine(data, "postmaster.pid");
        if (!File.Exists(file) || File.ReadLines(file).FirstOrDefault() is not { } line || !int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) return;
        if (ProcessIdentity.Of(pid) is not { } server || !File.Exists($"/proc/{line}/cmdline") || !(await File.ReadAllTextAsync($"/proc/{line}/cmdline")).Contains(data, StringComparison.Ordinal)) return;
        server.Signal(Posix.Interrupt);
        await GoneAsync([server], Orderly);
        server.Signal(Posix.Kill);
        await GoneAsync([server], Forced);
    }

    private static async Task GoneAsync(IReadOnlyCollection<ProcessIdentity> processes, TimeSpan limit)
    {
        for (var deadline = DateTimeOffset.UtcNow + limit; DateTimeOffset.UtcNow < deadline && processes.Any(p => p.IsAlive);) await Task.Delay(50);
    }
}
