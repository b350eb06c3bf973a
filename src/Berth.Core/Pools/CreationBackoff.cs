namespace Berth.Core.Pools;

/// <summary>How soon pods are created again after they were refused or ended at once, and how many at a time.</summary>
public static class CreationBackoff
{
    /// <summary>Pods that are created in one pass at most.</summary>
    public const int Batch = 100;

    /// <summary>A pod that lived this long before it ended says nothing against creating the next.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>The pause after so many failures in a row.</summary>
    public static TimeSpan Pause(int failures) =>
        failures <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(failures - 1, 16)));

    /// <summary>How many of the wanted pods may be created now. While pods of the current template are in trouble there is only ever one more than are ready.</summary>
    public static int Allow(PoolObserved seen, IReadOnlyCollection<PoolPod> live, int wanted)
    {
        if (wanted <= 0 || (seen.CreateNotBefore is { } pause && seen.Now < pause)) return 0;
        var ready = live.Count(p => p.Ready);
        var room = live.Any(p => !p.Ready && p.Trouble is not null && p.Hash == seen.Stamp.Hash) ? ready + 1 - (live.Count - ready) : Batch;
        return Math.Clamp(room, 0, Math.Min(wanted, Batch));
    }
}
