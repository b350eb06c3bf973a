using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Berth.Kubernetes.Conformance;

/// <summary>Waits for conditions, bounded.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task Holds(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"did not hold within {Limit.TotalSeconds} s: {what}");
            await Task.Delay(5);
        }
    }

    /// <summary>Advances a simulated clock in steps until something holds.</summary>
    public static async Task Holds(SimulatedTime time, TimeSpan step, Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"did not hold within {Limit.TotalSeconds} s: {what}");
            time.Advance(step);
            await Task.Delay(1);
        }
    }
}
