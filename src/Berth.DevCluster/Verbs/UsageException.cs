namespace Berth.DevCluster.Verbs;

/// <summary>A command line that cannot be understood; the message says what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
