using Berth.History;

namespace Berth.Operator.History;

/// <summary>Makes the database's partitions ahead of time. Nothing is removed: retention is asked for by a person.</summary>
internal sealed class HistoryUpkeep(HistoryStore store, HistoryCondition condition, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(6);
    private static readonly TimeSpan TryAgain = TimeSpan.FromMinutes(1);
    private static readonly RetentionPolicy KeepAll = new() { Tasks = null, Logs = null, Artifacts = null, Checkpoints = null, Alerts = null, Audit = null };

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pause = Every;
            try
            {
                await store.CleanUpAsync(KeepAll, cancellation: cancellationToken);
            }
            catch (HistoryUnavailableException e)
            {
                condition.Failed(e);
                pause = TryAgain;
            }
            await Task.Delay(pause, time, cancellationToken);
        }
    }
}
