using System.Diagnostics;

namespace Berth.Cli.Output;

/// <summary>Says on standard error what is waited for: one line that is rewritten on a terminal, one line a change elsewhere.</summary>
internal sealed class Progress : IDisposable
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly bool rewrites = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(10);
    private string shown = "";
    private TimeSpan told;

    /// <summary>Says something that matters only while it lasts: on a terminal alone.</summary>
    public void Hint(string text)
    {
        if (rewrites) Say(text);
    }

    public void Say(string text)
    {
        if (rewrites) Console.Error.Write($"\r\u001b[K{text} ({Ages.Of(clock.Elapsed)})");
        else if (text != shown) Console.Error.WriteLine(text);
        shown = text;
    }

    /// <summary>Takes what a long piece of work tells of itself, as often as it likes: shown often on a terminal, now and then elsewhere.</summary>
    public void Tell(string text)
    {
        if (clock.Elapsed - told < (rewrites ? Often : Seldom)) return;
        told = clock.Elapsed;
        Say(text);
    }

    public void Dispose()
    {
        if (rewrites && shown.Length > 0) Console.Error.Write("\r\u001b[K");
    }

    /// <summary>Asks again and again until the answer is null, which means done; any other answer is shown. False when the limit passed first.</summary>
    public static async Task<bool> UntilAsync(TimeSpan limit, Func<CancellationToken, Task<string?>> pending, CancellationToken cancellationToken)
    {
        using var progress = new Progress();
        while (await pending(cancellationToken) is { } why)
        {
            if (progress.clock.Elapsed > limit) return false;
            progress.Say(why);
            await Task.Delay(TimeSpan.FromMilliseconds(250), cancellationToken);
        }
        return true;
    }
}
