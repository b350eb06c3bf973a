namespace Berth.Kubernetes;

/// <summary>A token that is cancelled by the caller or by a clock, and can tell which.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _clock;
    private readonly CancellationTokenSource _both;

    public TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _clock = new(limit, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token, caller);
    }

    public CancellationToken Token => _both.Token;

    public bool HasPassed => _clock.IsCancellationRequested;

    /// <summary>Starts the limit anew.</summary>
    public void Restart(TimeSpan limit) => _clock.CancelAfter(limit);

    public void Dispose()
    {
        _both.Dispose();
        _clock.Dispose();
    }
}
