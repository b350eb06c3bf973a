namespace Berth.Cli.Dev;

/// <summary>Something that stops a verb of ./dev; its message says what happened and what to do.</summary>
internal sealed class DevException(string message, string? log = null) : Exception(message)
{
    /// <summary>The log whose last lines tell more, if there is one.</summary>
    public string? Log { get; } = log;
}
