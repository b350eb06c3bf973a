using Berth.History;
using Berth.Operator.Options;

namespace Berth.Operator.History;

/// <summary>Keeps the database in order: partitions ahead of time, and away with what the retention no longer keeps.</summary>
internal sealed class HistoryUpkeep(HistoryStore store, HistoryCondition condition, OperatorOptions options, TimeProvider time, ILogger<HistoryUpkeep> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly TimeSpan TryAgain = TimeSpan.FromMinutes(1);

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var policy = options.Retention.Enabled ? options.Retention.Policy() : RetentionPolicy.KeepAll;
        while (true)
        {
            var pause = Every;
            try
            {
                var report = await store.CleanUpAsync(policy, cancellation: cancellationToken);
                if (report.Rows > 0) log.LogInformation("Retention removed {Rows} rows: {Steps}", report.Rows, string.Join(", ", report.Steps.Select(s => $"{s.Table} {s.Rows}")));
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
}
