namespace Berth.Kubernetes;

/// <summary>A term while it lasts: when it was last renewed, and the tokens that end it. The tokens are never disposed of under their users: a
/// timer that nobody holds any more goes by itself.</summary>
internal sealed class ActiveTerm : IDisposable
{
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _stop;
    private readonly TimeProvider _time;
    private readonly TimeSpan _deadline;
    private long _renewedAt;

    public ActiveTerm(long epoch, long askedAt, TimeSpan deadline, TimeProvider time, CancellationToken stop)
    {
        (Epoch, _renewedAt, _time, _deadline) = (epoch, askedAt, time, deadline);
        // The clock ends the term by itself, whatever the renewing loop waits for.
        _lost = new(Remaining(), time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, stop);
    }

    public long Epoch { get; }

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Lost => _lost.Token;

    public bool IsSuperseded { get; private set; }

    /// <summary>Whether the lease counts as ours, by the clock.</summary>
    public bool Holds => !_lost.IsCancellationRequested && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < _deadline;

    public void Renewed(long askedAt)
    {
        Volatile.Write(ref _renewedAt, askedAt);
        _lost.CancelAfter(Remaining());
    }

    public void Lose() => _lost.Cancel();

    public void Supersede()
    {
        IsSuperseded = true;
        _stop.Cancel();
    }

    public void Dispose() => _lost.CancelAfter(Timeout.InfiniteTimeSpan);

    private TimeSpan Remaining()
    {
        var rest = _deadline - _time.GetElapsedTime(_renewedAt);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }
}
