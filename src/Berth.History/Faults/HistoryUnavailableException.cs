namespace Berth.History;

/// <summary>The history cannot be read or written now. The message says what to do.</summary>
public sealed class HistoryUnavailableException : Exception
{
    /// <summary>Made by the table in <see cref="HistoryFaults"/>.</summary>
    public HistoryUnavailableException(HistoryUnavailableReason reason, bool retryable, string message, Exception? inner = null) : base(message, inner)
    {
        Reason = reason;
        Retryable = retryable;
    }

    /// <summary>Why, in one word.</summary>
    public HistoryUnavailableReason Reason { get; }

    /// <summary>Whether the same call may succeed later without a person doing anything here.</summary>
    public bool Retryable { get; }
}
