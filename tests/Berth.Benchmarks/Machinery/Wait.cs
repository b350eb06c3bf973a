using System.Diagnostics;

namespace Berth.Benchmarks.Machinery;

/// <summary>Bounded waits for conditions.</summary>
internal static class Wait
{
    public static async Task UntilAsync(Func<bool> condition, TimeSpan limit, string what, int everyMilliseconds = 2)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) throw new TimeoutException($"{what}: not within {limit}");
            await Task.Delay(everyMilliseconds);
        }
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, string what, int everyMilliseconds = 20)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) throw new TimeoutException($"{what}: not within {limit}");
            await Task.Delay(everyMilliseconds);
        }
    }
}
