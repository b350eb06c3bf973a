namespace Berth.Cli.Output;

/// <summary>Asks before something that cannot be taken back.</summary>
internal static class Question
{
    /// <exception cref="CliException">The answer is no, or nobody is there to answer.</exception>
    public static void MustConfirm(string question, string otherwise)
    {
        if (Console.IsInputRedirected) throw new CliException(ExitCodes.Usage, $"Nobody is here to answer \"{question}\" To do it: {otherwise}");
        Console.Error.Write(Paint.Bold(question) + " [y/N] ");
        if (Console.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes")) throw new CliException(ExitCodes.Cancelled, "Nothing was done.");
    }
}
