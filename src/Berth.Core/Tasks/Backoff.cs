using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Doubling pauses with 10 % jitter.</summary>
public static class Backoff
{
    /// <summary>The pause before try number <paramref name="failures"/> + 1.</summary>
    public static TimeSpan Pause(BackoffPolicy policy, int failures, double jitter)
    {
        var initial = Durations.Or(policy.Initial, TimeSpan.FromSeconds(2));
        var max = Durations.Or(policy.Max, TimeSpan.FromMinutes(5));
        var factor = Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        var pause = TimeSpan.FromTicks((long)Math.Min(initial.Ticks * factor, max.Ticks));
        return pause + (pause * (0.1 * jitter));
    }
}
