using Xunit;

namespace Berth.Kubernetes.Conformance.Leadership;

/// <summary>Several electors over one simulated lease, on one thread and one clock. A seed decides everything.</summary>
internal sealed class ElectionSimulation
{
    private readonly List<Member> _members = [];
    private readonly Random _random;
    private readonly int _seed;
    private long _lastEpoch;

    public ElectionSimulation(int seed, int members, bool clocksAreOff = true)
    {
        (_seed, _random) = (seed, new(seed));
        Lease = new(World, _random);
        for (var i = 0; i < members; i++) _members.Add(new(this, $"m{i}", clocksAreOff ? 0.9 + (0.2 * _random.NextDouble()) : 1));
    }

    public SimulatedTime World { get; } = new();

    public SimulatedLease Lease { get; }

    public IReadOnlyList<Member> Members => _members;

    public int Terms { get; private set; }

    public IEnumerable<Member> Leaders => _members.Where(static m => !m.Process.IsFrozen && m.Elector.IsLeader);

    /// <summary>Runs for a time, checking after each step.</summary>
    public void Run(TimeSpan time, Action? between = null)
    {
        var end = World.Elapsed + time;
        while (true)
        {
            while (_members.Any(static m => m.Process.Step())) CheckLeaders();
            CheckWorkers();
            between?.Invoke();
            if (!World.FireNext(end)) break;
        }
        World.AdvanceTo(end);
        CheckLeaders();
    }

    /// <summary>Makes trouble now and then: frozen processes, jumping wall clocks, restarts, foreign writes.</summary>
    public void Trouble()
    {
        if (_random.NextDouble() > 0.004) return;
        var member = _members[_random.Next(_members.Count)];
        switch (_random.Next(6))
        {
            case 0 or 1: member.Process.Freeze(TimeSpan.FromSeconds(40 * _random.NextDouble())); break;
            case 2: member.Process.Time.WallOffset = TimeSpan.FromSeconds(100_000 * (_random.NextDouble() - 0.5)); break;
            case 3: member.Process.Run(() => member.Elector.RaiseEpochAbove(_lastEpoch + _random.Next(3))); break;
            case 4: member.Process.Run(member.Stop); break;
            default: member.Healthy = _random.NextDouble() < 0.7; break;
        }
    }

    private void CheckLeaders()
    {
        var leaders = Leaders.Select(static m => m.Process.Name).ToList();
        Assert.True(leaders.Count <= 1, $"seed {_seed}, {World.Elapsed}: {string.Join(" and ", leaders)} lead together");
    }

    // Once everything that was ready has run: a process that has just woken has by then heard its timers.
    private void CheckWorkers()
    {
        CheckLeaders();
        var working = _members.Where(static m => m.IsWorking && !m.Process.IsFrozen).Select(static m => m.Process.Name).ToList();
        Assert.True(working.Count <= 1, $"seed {_seed}, {World.Elapsed}: {string.Join(" and ", working)} work together");
    }

    internal sealed class Member
    {
        private readonly ElectionSimulation _simulation;
        private CancellationTokenSource _stop = new();
        private int _life;

        public Member(ElectionSimulation simulation, string name, double rate)
        {
            _simulation = simulation;
            Process = new(simulation.World, name, rate);
            Elector = Start();
        }

        public SimulatedProcess Process { get; }

        public LeaderElector Elector { get; private set; }

        public bool Healthy { get; set; } = true;

        public bool IsWorking { get; private set; }

        public LeaderOutcome? LastOutcome { get; private set; }

        public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(1);

        public void Stop() => _stop.Cancel();

        private LeaderElector Start()
        {
            var life = ++_life;
            _stop = new();
            Healthy = true;
            var elector = new LeaderElector(_simulation.Lease.For(Process, (_, lease) => Written(life, lease)), new()
            {
                Lease = new("ns", "berth"),
                Identity = $"{Process.Name}-{life}",
                Time = Process.Time,
                Random = _simulation._random.NextDouble,
                IsHealthy = () => Healthy,
                Annotations = new Dictionary<string, string> { ["address"] = Process.Name },
            });
            // What was written under earlier epochs outlives the lease and every process: a member reads it before it campaigns.
            elector.RaiseEpochAbove(_simulation._lastEpoch);
            Process.Run(async () =>
            {
                LastOutcome = await elector.RunAsync(LeadAsync, _stop.Token);
                // The process exits; another one takes its place.
                await Task.Delay(TimeSpan.FromSeconds(1), Process.Time);
                Elector = Start();
            });
            return elector;
        }

        private async Task LeadAsync(LeaderTerm term)
        {
            Assert.True(term.Epoch > _simulation._lastEpoch, $"seed {_simulation._seed}: epoch {term.Epoch} after {_simulation._lastEpoch}");
            _simulation._lastEpoch = term.Epoch;
            _simulation.Terms++;
            // A process that was frozen may come to this point long after its term: a worker asks first, as everything that leads must.
            if (term.Lost.IsCancellationRequested || !Elector.IsLeader) return;
            IsWorking = true;
            using var lost = term.Lost.Register(() => IsWorking = false);
            var stopped = new TaskCompletionSource();
            using var stop = term.Stop.Register(() => stopped.TrySetResult());
            await stopped.Task;
            await Task.Delay(DrainTime, Process.Time, term.Lost).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.FromCurrentSynchronizationContext());
            IsWorking = false;
        }

        private void Written(int life, Lease lease)
        {
            Assert.True(life == _life, $"seed {_simulation._seed}: a process that has exited wrote the lease");
            if (lease.Spec!.HolderIdentity == "") Assert.False(IsWorking, $"seed {_simulation._seed}: released while work went on");
            var isRenewal = lease.Spec.HolderIdentity == Elector.Identity && lease.Spec.LeaseTransitions == _simulation._lastEpoch && lease.Spec.AcquireTime != lease.Spec.RenewTime;
            if (isRenewal) Assert.True(Elector.IsLeader, $"seed {_simulation._seed}: renewed after the term was lost");
        }
    }
}
