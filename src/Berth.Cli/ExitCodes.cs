namespace Berth.Cli;

/// <summary>What the exit code says; docs/cli.md lists them for users.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The cluster, the operator or the machine did not do what was needed; the message says what.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or a question could not be asked.</summary>
    public const int Usage = 2;

    /// <summary>There is no such object, or it is not in the state that the verb needs.</summary>
    public const int NotWaiting = 3;

    /// <summary>The digest given is not the plan's.</summary>
    public const int OtherDigest = 4;

    /// <summary>The operator did not accept the decision; the reason is printed.</summary>
    public const int NotAccepted = 5;

    /// <summary>The decision is recorded, but there is no verdict on it yet.</summary>
    public const int NoVerdict = 6;

    /// <summary>Ended by Ctrl-C, or the question was answered with no.</summary>
    public const int Cancelled = 130;
}
