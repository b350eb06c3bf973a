namespace Berth.Kubernetes.Conformance;

/// <summary>A clock that moves only when told. Timers fire inside <see cref="Advance"/>, each at its own time, in order.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _now;
    private long _created;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Moves what the wall clock says; the monotonic one goes on as before.</summary>
    public TimeSpan WallOffset { get; set; }

    public TimeSpan Elapsed => new(Interlocked.Read(ref _now));

    public int TimersFired { get; private set; }

    public int TimersArmed
    {
        get
        {
            lock (_lock) return _timers.Count(static t => t.Due is not null);
        }
    }

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => _start + Elapsed + WallOffset;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state, Interlocked.Increment(ref _created));
        lock (_lock) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by) => AdvanceTo(Elapsed + by);

    public void AdvanceTo(TimeSpan end)
    {
        while (FireNext(end)) { }
        Interlocked.Exchange(ref _now, Math.Max(_now, end.Ticks));
    }

    /// <summary>Moves to the next timer that is due until <paramref name="end"/> and fires it; false when there is none.</summary>
    public bool FireNext(TimeSpan end)
    {
        Timer? next;
        lock (_lock)
        {
            next = _timers.Where(t => t.Due <= end.Ticks).MinBy(static t => (t.Due, t.Order));
            if (next is null) return false;
            Interlocked.Exchange(ref _now, Math.Max(_now, next.Due!.Value));
            next.Due = next.Period > 0 ? _now + next.Period : null;
            TimersFired++;
        }
        next.Callback(next.State);
        return true;
    }

    private sealed class Timer(SimulatedTime owner, TimerCallback callback, object? state, long order) : ITimer
    {
        public TimerCallback Callback => callback;

        public object? State => state;

        public long Order => order;

        public long? Due { get; set; }

        public long Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : owner._now + dueTime.Ticks;
                Period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._lock) owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
