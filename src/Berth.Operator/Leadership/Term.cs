using Berth.Core.Tasks;

namespace Berth.Operator.Leadership;

/// <summary>One period of leadership. Everything that decides or sends holds one and stops with it.</summary>
internal sealed class Term(string identity, long epoch, DateTimeOffset since, Func<CancellationToken, Task<bool>> confirm, CancellationToken over)
{
    /// <summary>Identity of this replica.</summary>
    public string Identity { get; } = identity;

    /// <summary>Epoch of this term.</summary>
    public long Epoch { get; } = epoch;

    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; } = since;

    /// <summary>Cancelled the moment leadership is lost or given up.</summary>
    public CancellationToken Over { get; } = over;

    /// <summary>The term as the deciders see it.</summary>
    public LeaderFacts Facts { get; } = new(identity, epoch, since);

    /// <summary>Reads the Lease live: true only if this term still holds it.</summary>
    public Task<bool> ConfirmAsync(CancellationToken cancellationToken) => confirm(cancellationToken);
}

/// <summary>Who leads, as far as this replica knows. Null when it does not lead itself.</summary>
internal sealed class LeaderState
{
    private volatile Term? _term;
    private volatile string _leaderAddress = "";
    private volatile string _leaderViewAddress = "";
    private volatile bool _campaigns;
    private int _renewals;
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The running term; null on a standby.</summary>
    public Term? Term => _term;

    /// <summary>host:port of the leader's gateway, from the Lease; empty when nobody is known to lead.</summary>
    public string LeaderAddress => _leaderAddress;

    /// <summary>host:port of the leader's aggregated API, from the Lease; empty when nobody is known to lead, or serves none.</summary>
    public string LeaderViewAddress => _leaderViewAddress;

    /// <summary>Raised when a term begins or ends.</summary>
    public event Action? Changed;

    /// <summary>Raised with an epoch above ours that an agent has obeyed.</summary>
    public event Action<long>? HigherEpochSeen;

    /// <summary>Notes an epoch above ours: this replica has to take over anew under a higher one.</summary>
    public void SeeEpoch(long epoch) => HigherEpochSeen?.Invoke(epoch);

    /// <summary>Begins a term.</summary>
    public void Begin(Term term)
    {
        _term = term;
        Tell();
        Changed?.Invoke();
    }

    /// <summary>Ends the term.</summary>
    public void End()
    {
        _term = null;
        Tell();
        Changed?.Invoke();
    }

    /// <summary>Notes where the leader is.</summary>
    public void SeeLeader(string address, string viewAddress)
    {
        (_leaderAddress, _leaderViewAddress) = (address, viewAddress);
        _campaigns = true;
        Tell();
    }

    /// <summary>Notes that the leader is alive.</summary>
    public void SeeRenewal()
    {
        Interlocked.Increment(ref _renewals);
        Tell();
    }

    /// <summary>
    /// Waits until this replica leads, or another one than the leader at <paramref name="address"/> does, or that leader proves to be alive, but
    /// not for long; and not at all on a replica that does not watch the Lease yet: others know more.
    /// </summary>
    public async Task WaitForAnotherAsync(string address, TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!_campaigns) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var enough = Task.Delay(longest, time, limit.Token);
        var renewals = Volatile.Read(ref _renewals);
        while (!enough.IsCompleted)
        {
            // Taken before the look: what changes after it completes this one.
            var next = _next.Task;
            if (_term is not null || (_leaderAddress.Length > 0 && _leaderAddress != address) || Volatile.Read(ref _renewals) != renewals) break;
            await Task.WhenAny(next, enough);
        }
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Tell() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
