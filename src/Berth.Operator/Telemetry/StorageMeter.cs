using Berth.History;
using Berth.Operator.Options;

namespace Berth.Operator.Telemetry;

/// <summary>Asks the database now and then how large it has grown.</summary>
internal sealed class StorageMeter(HistoryStore store, OperatorOptions options, TimeProvider time, ILogger<StorageMeter> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private volatile StorageUse? _use;

    /// <summary>Bytes; null until it was read once.</summary>
    public long? Used => _use?.DatabaseBytes;

    /// <summary>By table; empty until it was read once.</summary>
    public IReadOnlyList<TableUse> Tables => _use?.Tables ?? [];

    /// <summary>Bytes it may grow to; 0 if nobody said.</summary>
    public long Limit => options.Postgres.CapacityBytes;

    /// <summary>Reads until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                _use = await store.GetStorageAsync(cancellationToken);
            }
            catch (HistoryUnavailableException e)
            {
                log.LogDebug("The size of the database cannot be read now: {Message}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
