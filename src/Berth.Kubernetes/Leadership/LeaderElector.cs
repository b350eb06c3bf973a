using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Kubernetes;

/// <summary>Elects one leader among processes that share a Lease.</summary>
/// <remarks>A leader counts as one for <see cref="LeaderElectorOptions.RenewDeadline"/> after it asked for its last renewal that succeeded; others wait
/// <see cref="LeaderElectorOptions.LeaseDuration"/> after they last saw the lease change. Both are measured on monotonic clocks. A process that was
/// frozen may still believe: <see cref="ConfirmAsync"/> before anything that cannot be undone.</remarks>
public sealed partial class LeaderElector : IMetricSource
{
    internal const double Jitter = 1.2;

    // So that several who wait for the same lease do not all ask in the same moment.
    private static readonly TimeSpan Spread = TimeSpan.FromMilliseconds(100);

    private readonly LeaderElectorOptions _options;
    private readonly TimeProvider _time;
    private readonly LeaseClaim _claim;
    private readonly ILogger _log;
    private readonly TimeSpan _requestLimit;
    private readonly Lock _lock = new();
    private ActiveTerm? _term;
    private LeaderRecord? _record;
    private long _floor;

    /// <summary>An elector over a Lease of an API server.</summary>
    /// <exception cref="ArgumentException">The options contradict each other; the message names every reason.</exception>
    public LeaderElector(KubernetesClient client, LeaderElectorOptions options)
        : this(new ApiLeaseStore(client, (options ?? throw new ArgumentNullException(nameof(options))).Lease), options) { }

    internal LeaderElector(ILeaseStore store, LeaderElectorOptions options)
    {
        options.Validate();
        (_options, _time) = (options, options.Time);
        _claim = new(store, options);
        _log = options.Logging?.CreateLogger<LeaderElector>() ?? (ILogger)NullLogger.Instance;
        _requestLimit = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerSecond, options.RenewDeadline.Ticks / 2));
    }

    /// <summary>Called, on the election's own loop, when the lease names another leader than before. It must not block.</summary>
    public event Action<LeaderRecord>? LeaderChanged;

    /// <summary>Called, on the election's own loop, when the leader is seen to have renewed the lease. It must not block.</summary>
    public event Action? LeaderRenewed;

    /// <summary>Our own identity.</summary>
    public string Identity => _options.Identity;

    /// <summary>Whether we lead, as far as our own clock can tell.</summary>
    public bool IsLeader => Volatile.Read(ref _term) is { } term && term.Holds;

    /// <summary>The epoch of the present term; 0 when we do not lead.</summary>
    public long Epoch => Volatile.Read(ref _term) is { } term && term.Holds ? term.Epoch : 0;

    /// <summary>The leader as last seen; null when nothing was seen yet.</summary>
    public LeaderRecord? Leader => Volatile.Read(ref _record);

    string IMetricSource.TagName => "name";

    string IMetricSource.Name => _options.Lease.Name;

    /// <summary>Campaigns until <paramref name="stop"/> is cancelled or a term is lost.</summary>
    /// <param name="lead">The work of a leader. It must end soon after its term says so. When it ends or throws by itself, the lease is released and
    /// the election ends.</param>
    /// <param name="stop">Shutdown: the work is asked to finish, the lease is kept meanwhile and released afterwards.</param>
    public async Task<LeaderOutcome> RunAsync(Func<LeaderTerm, Task> lead, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(lead);
        KubernetesMetrics.Register(this);
        try
        {
            while (await AcquireAsync(stop) is { } won)
            {
                using var term = new ActiveTerm(won.Epoch, won.AskedAt, _options.RenewDeadline, _time, stop);
                Volatile.Write(ref _term, term);
                if (Volatile.Read(ref _floor) > term.Epoch) term.Supersede();
                LogLeading(_options.Identity, won.Epoch);
                var work = StartAsync(lead, term);
                await KeepAsync(term, work);
                if (await EndAsync(term, work, stop) is { } outcome) return outcome;
            }
            return LeaderOutcome.Stopped;
        }
        finally
        {
            KubernetesMetrics.Unregister(this);
        }
    }

    /// <summary>Asks the API server, past every cache, whether the present term still holds the lease. False also when the answer did not come or came too
    /// late: then nothing must be sent.</summary>
    public async Task<bool> ConfirmAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _term) is not { } term || !term.Holds) return false;
        using var limit = new TimeLimit(_requestLimit, _time, cancellationToken);
        try
        {
            if (!await _claim.IsHeldAsync(term.Epoch, limit.Token))
            {
                LogUnconfirmed(_options.Identity, term.Epoch);
                term.Lose();
                return false;
            }
        }
        catch (Exception error) when (error is KubernetesException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogTrouble(_options.Identity, error.Message);
            return false;
        }
        return ReferenceEquals(term, Volatile.Read(ref _term)) && term.Holds;
    }

    /// <summary>Somebody has met a greater epoch than ours: from now on every term of ours is above it. A present one ends (its work is asked to stop, the lease
    /// is kept) and a new one begins.</summary>
    public void RaiseEpochAbove(long epoch)
    {
        lock (_lock) _floor = Math.Max(_floor, epoch);
        if (Volatile.Read(ref _term) is { } term && term.Epoch <= epoch) term.Supersede();
    }

    double? IMetricSource.Read(string instrument) => instrument == "leader_election_master_status" ? (IsLeader ? 1 : 0) : null;

    private static async Task StartAsync(Func<LeaderTerm, Task> lead, ActiveTerm term)
    {
        await Task.Yield();
        await lead(new(term.Epoch, term.Stop, term.Lost));
    }

    private async Task<(long Epoch, long AskedAt)?> AcquireAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = _options.RetryPeriod * (1 + (_options.Random() * Jitter));
            try
            {
                _claim.RaiseAbove(Volatile.Read(ref _floor));
                // Not cancelled by the shutdown: an answer that nobody awaits could leave us holding a lease for which nobody works.
                using var limit = new TimeLimit(_requestLimit, _time, CancellationToken.None);
                var won = await _claim.TryAcquireAsync(limit.Token);
                Tell();
                if (won is not null) return won;
                await WaitForChangeAsync(wait, stop);
            }
            catch (Exception error) when (error is KubernetesException or OperationCanceledException)
            {
                LogTrouble(_options.Identity, error.Message);
                await Pause(wait, stop);
            }
        }
        return null;
    }

    // Until the lease changes or runs out, and never longer than a retry: a release and a death are noticed at once, and where the lease cannot
    // be watched the retries are enough.
    private async Task WaitForChangeAsync(TimeSpan retry, CancellationToken stop)
    {
        var free = _claim.FreeIn;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var pause = Pause(free > TimeSpan.Zero && free < retry ? free + (Spread * _options.Random()) : retry, enough.Token);
        var change = _claim.ChangedAsync(enough.Token);
        await Task.WhenAny(pause, change);
        if (!change.IsCompletedSuccessfully) await pause;
        enough.Cancel();
        await change.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    // Renews until the work has ended or the term is lost. A shutdown does not end the renewing: the work may still write.
    private async Task KeepAsync(ActiveTerm term, Task work)
    {
        while (term.Holds && !work.IsCompleted)
        {
            await Task.WhenAny(work, Pause(_options.RetryPeriod, term.Lost));
            // By the clock, not by the token: a process that was frozen comes here before its timers have run.
            if (!term.Holds || work.IsCompleted) return;
            if (_options.IsHealthy is { } healthy && !healthy())
            {
                LogUnhealthy(_options.Identity);
                continue;
            }
            try
            {
                using var limit = new TimeLimit(_requestLimit, _time, term.Lost);
                if (await _claim.RenewAsync(term, limit.Token) is { } askedAt) term.Renewed(askedAt);
                else term.Lose();
                Tell();
            }
            catch (Exception error) when (error is KubernetesException or OperationCanceledException)
            {
                LogTrouble(_options.Identity, error.Message);
            }
        }
    }

    // The lease is released only after the work has ended; when it was lost nothing is written at all.
    private async Task<LeaderOutcome?> EndAsync(ActiveTerm term, Task work, CancellationToken stop)
    {
        if (!term.Holds)
        {
            term.Lose();
            Volatile.Write(ref _term, null);
            LogLost(_options.Identity, term.Epoch);
            await Task.WhenAny(work, Pause(_options.LeaseDuration - _options.RenewDeadline, CancellationToken.None));
            if (!work.IsCompleted) LogStillWorking(_options.Identity, term.Epoch);
            return LeaderOutcome.Lost;
        }
        Volatile.Write(ref _term, null);
        var again = term.IsSuperseded && !stop.IsCancellationRequested && work.IsCompletedSuccessfully;
        if (again) return null;
        await ReleaseAsync(term);
        await work;
        return stop.IsCancellationRequested ? LeaderOutcome.Stopped : LeaderOutcome.Lost;
    }

    private async Task ReleaseAsync(ActiveTerm term)
    {
        try
        {
            using var limit = new TimeLimit(_requestLimit, _time, term.Lost);
            await _claim.ReleaseAsync(limit.Token);
            LogReleased(_options.Identity, term.Epoch);
        }
        catch (Exception error) when (error is KubernetesException or OperationCanceledException)
        {
            // It expires by itself.
            LogTrouble(_options.Identity, error.Message);
        }
    }

    private async Task Pause(TimeSpan time, CancellationToken cancellationToken) =>
        await Task.Delay(time, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private void Tell()
    {
        var now = _claim.Record;
        var before = Volatile.Read(ref _record);
        Volatile.Write(ref _record, now);
        if (now is null) return;
        if (now.Identity != before?.Identity || now.Epoch != before.Epoch) LeaderChanged?.Invoke(now);
        else if (now.RenewedAt != before.RenewedAt) LeaderRenewed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads, epoch {Epoch}")]
    private partial void LogLeading(string identity, long epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Identity} has lost the lease (epoch {Epoch}) and stops all work; the process must exit")]
    private partial void LogLost(string identity, long epoch);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Identity}: work of the lost epoch {Epoch} has not stopped")]
    private partial void LogStillWorking(string identity, long epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Identity}: the lease is not ours any more (epoch {Epoch})")]
    private partial void LogUnconfirmed(string identity, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Identity}: no progress, the lease is not renewed")]
    private partial void LogUnhealthy(string identity);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} released the lease (epoch {Epoch})")]
    private partial void LogReleased(string identity, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Identity}: the lease could not be read or written: {Error}")]
    private partial void LogTrouble(string identity, string error);
}
