namespace Berth.Cli.Dev.Processes;

/// <summary>
/// Looks after processes that became children of the supervisor because their own parent died: takes the exit codes of those that
/// ended, and ends the rest when everything ends.
/// </summary>
internal static class OrphanReaper
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            // A zombie seen twice is nobody's: the programs that this process started are reaped at once.
            var seen = Zombies();
            while (await timer.WaitForNextTickAsync(stop))
            {
                var now = Zombies();
                foreach (var zombie in now.Where(seen.Contains)) Posix.Reap(zombie.Pid);
                seen = now;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Kills every process below this one.</summary>
    public static async Task EndAllAsync()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        for (var deadline = DateTimeOffset.UtcNow + Patience; DateTimeOffset.UtcNow < deadline; await Task.Delay(50))
        {
            var left = ProcessTable.WithDescendants([self]).Where(p => p != self).ToList();
            if (left.Count == 0) return;
            foreach (var process in left) process.Signal(Posix.Kill);
        }
    }

    private static HashSet<ProcessIdentity> Zombies() => ProcessTable.Children(Environment.ProcessId)
        .Where(c => c.Entry.IsZombie)
        .Select(c => new ProcessIdentity(c.Pid, c.Entry.Started))
        .ToHashSet();
}
