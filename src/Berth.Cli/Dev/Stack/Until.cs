using System.Diagnostics;

namespace Berth.Cli.Dev.Stack;

/// <summary>Waits for conditions.</summary>
internal static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks again and again until the answer is null, which means yes; any other answer says why not yet.</summary>
    /// <exception cref="DevException">The limit passed, with the last answer.</exception>
    public static async Task TrueAsync(string what, TimeSpan limit, string? log, Func<CancellationToken, Task<string?>> whyNot, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var answer = await whyNot(cancellationToken);
            if (answer is null) return;
            if (waited.Elapsed > limit) throw new DevException($"{what} after {limit.TotalSeconds:0} s: {answer}", log);
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
