namespace Berth.Cli;

/// <summary>Ends a verb with a message that says what to do, and an exit code.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Whether the same may succeed in a moment: nobody answered, or who answered cannot now.</summary>
    public bool MayPass { get; init; }
}
