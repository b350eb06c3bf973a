namespace Berth.Agent.Runner;

/// <summary>The runner's own lines, apart from the echo of the commands by their prefix.</summary>
internal static class RunnerLog
{
    public static void Info(string message) => Console.Error.WriteLine($"[berth-runner] {message}");

    /// <summary>Ends the runner, and as first process of the container everything in it.</summary>
    public static void Fatal(string message)
    {
        Info(message);
        Environment.Exit(70);
    }
}
