using Berth.History;
using Berth.Operator.Options;

namespace Berth.Operator.Telemetry;

/// <summary>Asks the database now and then how large it has grown.</summary>
internal sealed class StorageMeter(HistoryStore store, OperatorOptions options, TimeProvider time, ILogger<StorageMeter> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private long _used = -1;

    /// <summary>Bytes; null until it was read once.</summary>
    public long? Used => Interlocked.Read(ref _used) is var used and >= 0 ? used : null;

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
                Interlocked.Exchange(ref _used, await store.SizeAsync(cancellationToken));
            }
            catch (HistoryUnavailableException e)
            {
                log.LogDebug("The size of the database cannot be read now: {Message}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
