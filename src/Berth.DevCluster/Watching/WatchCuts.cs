namespace Berth.DevCluster.Watching;

/// <summary>Ends all open watches at once.</summary>
internal sealed class WatchCuts : IDisposable
{
    private CancellationTokenSource _source = new();

    public CancellationToken Token => Volatile.Read(ref _source).Token;

    public void Cut()
    {
        // The old source is left to the collector: a watch that is just starting may still read its token.
        Interlocked.Exchange(ref _source, new CancellationTokenSource()).Cancel();
    }

    public void Dispose() => _source.Dispose();
}
