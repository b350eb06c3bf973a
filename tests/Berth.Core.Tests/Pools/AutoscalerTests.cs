using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Pools;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Pools;

public sealed class AutoscalerTests
{
    private static PoolObserved With(PoolObserved seen, int demand, int? apply = null) => seen with { Demand = new SlotDemand(demand, apply ?? demand) };

    private static PoolObserved Before(PoolObserved seen, int desired, double secondsAgo) => seen with
    {
        Pool = seen.Pool with { Spec = seen.Pool.Spec with { Replicas = desired }, Status = seen.Pool.Status with { Scaling = new ScalingStatus { DesiredReplicas = desired, LastScaleTime = A.T0.AddSeconds(-secondsAgo) } } },
    };

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(9, 3)]
    [InlineData(500, 5)]
    public void From_zero_at_once_to_what_is_needed_and_no_further_than_allowed(int demand, int pods)
    {
        var decision = PoolDecider.Decide(With(P.Auto(0, 5), demand));
        Assert.Equal((pods, pods), (decision.Create, decision.Status!.Scaling!.DesiredReplicas));
        Assert.Equal(demand > 15, decision.Status.Conditions.Single(c => c.Type == "ScalingLimited").Status == ConditionStatus.True);
    }

    [Fact]
    public void Work_that_can_change_things_needs_pods_of_its_own() =>
        Assert.Equal(4, PoolDecider.Decide(With(P.Auto(0, 9) is var seen ? seen with { Pool = seen.Pool with { Spec = seen.Pool.Spec with { ApplySlotsPerPod = 1 } } } : seen, 4)).Create);

    [Fact]
    public void Pods_that_are_starting_are_not_ordered_twice() =>
        Assert.Equal(0, PoolDecider.Decide(With(P.Auto(0, 9, P.Starting("a"), P.Starting("b")), 6)).Create);

    [Fact]
    public void A_pod_whose_agent_is_silent_is_no_room() =>
        Assert.Equal(1, PoolDecider.Decide(With(P.Auto(0, 9, P.Pod("a", p => p with { Ready = false, Silent = true })), 1)).Create);

    [Fact]
    public void Reserved_slots_count_as_used() => Assert.Equal(1, PoolDecider.Decide(With(P.Auto(0, 9, P.Busy("a", reserved: 3)), 1)).Create);

    [Fact]
    public void The_minimum_stays_without_any_demand() => Assert.Equal(2, PoolDecider.Decide(P.Auto(2, 9)).Create);

    [Fact]
    public void Down_by_one_the_longest_idle_first_and_only_after_the_timeout()
    {
        var pods = (PoolPod[])[P.Pod("a", p => p with { IdleSince = A.T0.AddMinutes(-11) }), P.Pod("b", p => p with { IdleSince = A.T0.AddMinutes(-12) }), P.Pod("c", p => p with { IdleSince = A.T0.AddMinutes(-3) })];
        Assert.Equal(["b"], PoolDecider.Decide(Before(P.Auto(0, 9, pods), 3, 9999)).Delete.Select(p => p.Name));
        var later = PoolDecider.Decide(Before(P.Auto(0, 9, pods[2]), 1, 9999));
        Assert.Empty(later.Delete);
        Assert.Equal(A.T0.AddMinutes(7), later.WakeAt);
    }

    [Fact]
    public void Down_again_only_after_the_cooldown()
    {
        var decision = PoolDecider.Decide(Before(P.Auto(0, 9, P.Pod("a"), P.Pod("b")), 2, 10));
        Assert.Empty(decision.Delete);
        Assert.Equal(A.T0.AddSeconds(20), decision.WakeAt);
        Assert.Single(PoolDecider.Decide(Before(P.Auto(0, 9, P.Pod("a"), P.Pod("b")), 2, 31)).Delete);
    }

    [Fact]
    public void Nothing_is_taken_away_while_somebody_waits() => Assert.Empty(PoolDecider.Decide(Before(With(P.Auto(0, 9, P.Pod("a")), 1), 1, 9999)).Delete);

    [Fact]
    public void The_number_is_written_for_the_scale_subresource_and_what_others_write_is_undone()
    {
        var decision = PoolDecider.Decide(With(P.Auto(0, 5), 4));
        Assert.Equal((2, null), (decision.Replicas, decision.UndoneReplicas));
        var undone = PoolDecider.Decide(Before(P.Auto(0, 5, P.Busy("a", 1)), 1, 99) is var seen ? seen with { Pool = seen.Pool with { Spec = seen.Pool.Spec with { Replicas = 4 } } } : seen);
        Assert.Equal((1, 4), (undone.Replicas, undone.UndoneReplicas));
        Assert.Equal(0, undone.Create);
    }

    [Fact]
    public void Without_autoscaling_the_number_is_filled_in_once_and_then_left_alone()
    {
        Assert.Equal(1, PoolDecider.Decide(P.Seen()).Replicas);
        var given = PoolDecider.Decide(P.Seen(s => s with { Replicas = 4 }));
        Assert.Equal((null, 4), (given.Replicas, given.Create));
    }

    [Fact]
    public void Whatever_is_drawn_nothing_in_use_ends_and_the_bounds_hold()
    {
        var first = Environment.TickCount & 0xffff;
        for (var seed = first; seed < first + 2000; seed++)
        {
            var dice = new Random(seed);
            var pods = Enumerable.Range(0, dice.Next(0, 7)).Select(i => Draw($"p{i}", dice)).ToArray();
            var (min, max) = (dice.Next(0, 3), dice.Next(3, 6));
            var seen = Before(With(P.Auto(min, max, pods), dice.Next(0, 12), 0), dice.Next(0, 6), dice.Next(0, 60));
            var decision = PoolDecider.Decide(seen);
            Assert.True(decision.Status is null || decision.Status.Scaling!.DesiredReplicas >= min && decision.Status.Scaling.DesiredReplicas <= max, $"seed {seed}");
            Assert.True(decision.Delete.All(p => p.Terminal || p is { Held: 0, Unfenced: false, Unacknowledged: false }), $"seed {seed}: ends a pod in use");
            Assert.True(decision.Delete.All(p => !p.Deleting) && decision.Delete.Distinct().Count() == decision.Delete.Count, $"seed {seed}: ends one twice");
            Assert.True(decision.Create == 0 || pods.Except(decision.Delete).Count(p => p.Live && !p.Draining) + decision.Create <= max + 2, $"seed {seed}: creates {decision.Create}");
            var serving = pods.Where(p => p.Live && !p.Draining && p.Hash == P.Hash).ToList();
            Assert.True(seen.Demand.Tasks == 0 || serving.Count > max || decision.Delete.All(p => p.Terminal || p.Draining || p.Hash != P.Hash || serving.Count > max), $"seed {seed}: ends what is asked for");
        }
    }

    private static PoolPod Draw(string name, Random dice) => P.Pod(name, p => p with
    {
        Ready = dice.Next(4) > 0,
        Deleting = dice.Next(8) == 0,
        Terminal = dice.Next(8) == 0,
        Draining = dice.Next(6) == 0,
        Leaving = dice.Next(2) == 0,
        Hash = dice.Next(4) == 0 ? "old" : P.Hash,
        Running = dice.Next(3) / 2,
        Reserved = dice.Next(3) / 2,
        Offered = dice.Next(5) / 4,
        Unfenced = dice.Next(8) == 0,
        Unacknowledged = dice.Next(8) == 0,
        IdleSince = A.T0.AddMinutes(-dice.Next(0, 30)),
    });
}
