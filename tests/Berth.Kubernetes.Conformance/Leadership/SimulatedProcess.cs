namespace Berth.Kubernetes.Conformance.Leadership;

/// <summary>One process of a simulation: its own thread, which can be frozen, and its own clock, whose wall side can jump and whose rate can be off.</summary>
internal sealed class SimulatedProcess(SimulatedTime world, string name, double rate) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();

    public string Name => name;

    public bool IsFrozen { get; private set; }

    public ProcessTime Time => field ??= new(world, this, rate);

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    public void Run(Action action)
    {
        Post(static state => ((Action)state!)(), action);
    }

    public void Freeze(TimeSpan time)
    {
        IsFrozen = true;
        world.CreateTimer(static self => ((SimulatedProcess)self!).IsFrozen = false, this, time, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs one thing that is ready; false when there is none or the process is frozen.</summary>
    public bool Step()
    {
        if (IsFrozen || !_ready.TryDequeue(out var next)) return false;
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            next.Callback(next.State);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
        return true;
    }

    /// <summary>The process's clock: timers fire on its thread, late when it is frozen.</summary>
    internal sealed class ProcessTime(SimulatedTime world, SimulatedProcess process, double rate) : TimeProvider
    {
        public TimeSpan WallOffset { get; set; }

        public override long TimestampFrequency => world.TimestampFrequency;

        public override long GetTimestamp() => (long)(world.GetTimestamp() * rate);

        public override DateTimeOffset GetUtcNow() => world.GetUtcNow() + WallOffset;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Scaled(world.CreateTimer(_ => process.Post(_ => callback(state), null), null, Real(dueTime), Real(period)), this);

        private TimeSpan Real(TimeSpan own) => own == Timeout.InfiniteTimeSpan ? own : own / rate;

        private sealed class Scaled(ITimer inner, ProcessTime time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(time.Real(dueTime), time.Real(period));

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
