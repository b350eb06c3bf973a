using Berth.History;
using Berth.Operator.Options;

namespace Berth.Operator.History;

/// <summary>Keeps the database in order: partitions ahead of time, and away with what the retention no longer keeps.</summary>
internal sealed class HistoryUpkeep(HistoryStore store, HistoryCondition condition, OperatorOptions options, TimeProvider time, ILogger<HistoryUpkeep> log)
{
    private const int Logs = 200;
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly TimeSpan MergeEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var policy = options.Retention.Enabled ? options.Retention.Policy() : RetentionPolicy.KeepAll;
        DateTimeOffset? cleaned = null;
        // At a first start there is no schema for a moment; that is no trouble to tell people of.
        while (!condition.IsMigrated) await Task.Delay(AskAgain, time, cancellationToken);
        while (true)
        {
            var pause = MergeEvery;
            try
            {
                while (await store.MergeLogsAsync(Logs, cancellationToken) == Logs) cancellationToken.ThrowIfCancellationRequested();
                if (cleaned is null || time.GetUtcNow() - cleaned >= Every)
                {
                    await CleanUpAsync(policy, cancellationToken);
                    cleaned = time.GetUtcNow();
                }
                condition.Succeeded(HistoryUse.Upkeep);
            }
            catch (HistoryUnavailableException e)
            {
                condition.Failed(HistoryUse.Upkeep, e);
                pause = TryAgain;
            }
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task CleanUpAsync(RetentionPolicy policy, CancellationToken cancellationToken)
    {
        var report = await store.CleanUpAsync(policy, cancellation: cancellationToken);
        if (report.Rows > 0) log.LogInformation("Retention removed {Rows} rows: {Steps}", report.Rows, string.Join(", ", report.Steps.Select(s => $"{s.Table} {s.Rows}")));
    }
}
