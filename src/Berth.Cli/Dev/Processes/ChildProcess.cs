using System.Diagnostics;

namespace Berth.Cli.Dev.Processes;

/// <summary>What to start, and into which file its output goes.</summary>
internal sealed record ProgramStart(string Name, string LogPath, string FileName, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>A process that this one started and answers for.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    // Output is appended; the shell replaces itself, so that the process id is the program's own. Files that the caller of
    // ./dev holds open (locks, pipes) are not passed on.
    private const string Script = "exec \"$@\" >>\"$0\" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-";

    private readonly Process process;

    private ChildProcess(ProgramStart start, Process process)
    {
        (Start, this.process) = (start, process);
        Identity = ProcessIdentity.Of(process.Id) ?? new(process.Id, 0);
        Exit = WaitAsync();
    }

    public ProgramStart Start { get; }

    public ProcessIdentity Identity { get; }

    /// <summary>The exit code; above 128 a signal's number plus 128.</summary>
    public Task<int> Exit { get; }

    /// <exception cref="DevException">The program cannot be started.</exception>
    public static ChildProcess Run(ProgramStart start)
    {
        var info = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        foreach (var argument in new[] { "-c", Script, start.LogPath, start.FileName }.Concat(start.Arguments)) info.ArgumentList.Add(argument);
        foreach (var (name, value) in start.Environment) info.Environment[name] = value;
        return new(start, Process.Start(info) ?? throw new DevException($"{start.Name}: {start.FileName} could not be started."));
    }

    /// <summary>Asks it to end; after the grace it is killed.</summary>
    public async Task StopAsync(TimeSpan grace, int signal = Posix.Terminate)
    {
        if (Exit.IsCompleted) return;
        Identity.Signal(signal);
        if (await Task.WhenAny(Exit, Task.Delay(grace)) == Exit) return;
        Identity.Signal(Posix.Kill);
        await Exit.WaitAsync(AfterKill);
    }

    public void Dispose() => process.Dispose();

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
