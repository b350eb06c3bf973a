namespace Berth.Cli;

/// <summary>Ends a verb with a message that says what to do, and an exit code.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
