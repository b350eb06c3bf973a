using Xunit;

namespace Berth.Kubernetes.Conformance.Leadership;

public class ElectionTests
{
    [Theory, InlineData(2), InlineData(5)]
    public void Never_two_lead_whatever_the_network_and_the_clocks_do(int members) => Sweep(members, seeds: 15, TimeSpan.FromMinutes(20));

    [Theory, InlineData(2), InlineData(3), InlineData(5), Trait("Suite", "Long")]
    public void Never_two_lead_over_many_seeds(int members) => Sweep(members, seeds: 300, TimeSpan.FromMinutes(30));

    [Fact]
    public void One_leads_soon_when_nothing_is_wrong()
    {
        var simulation = new ElectionSimulation(1, 3) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(5));
        Assert.Single(simulation.Leaders);
        simulation.Run(TimeSpan.FromMinutes(10));
        Assert.Equal(1, simulation.Terms);
        Assert.Equal(simulation.Leaders.Single().Process.Name, simulation.Lease.Stored!.Metadata.Annotation("address"));
    }

    [Fact]
    public void A_released_lease_is_taken_within_a_retry_and_only_after_the_drain()
    {
        var simulation = new ElectionSimulation(2, 2, clocksAreOff: false) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(10));
        var leader = simulation.Leaders.Single();
        leader.DrainTime = TimeSpan.FromSeconds(25);
        leader.Process.Run(leader.Stop);
        simulation.Run(TimeSpan.FromSeconds(24));
        Assert.Same(leader, simulation.Leaders.Single());
        simulation.Run(TimeSpan.FromSeconds(6.5));
        Assert.Single(simulation.Leaders);
        Assert.Equal(LeaderOutcome.Stopped, leader.LastOutcome);
        Assert.Equal(2, simulation.Terms);
    }

    [Fact]
    public void A_frozen_leader_is_replaced_within_the_lease_and_two_seconds_and_wakes_as_none()
    {
        var simulation = new ElectionSimulation(3, 2, clocksAreOff: false) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(10));
        var leader = simulation.Leaders.Single();
        leader.Process.Freeze(TimeSpan.FromMinutes(1));
        // Lease 15 s from the last change seen, plus the wait until the next look: 2 s stretched by at most 2.2.
        simulation.Run(TimeSpan.FromSeconds(15 + 4.6));
        Assert.NotSame(leader, simulation.Leaders.Single());
        simulation.Run(TimeSpan.FromSeconds(45));
        Assert.Equal(LeaderOutcome.Lost, leader.LastOutcome);
        Assert.NotSame(leader, simulation.Leaders.Single());
    }

    [Fact]
    public void A_leader_whose_work_does_not_progress_is_replaced()
    {
        var simulation = new ElectionSimulation(4, 2, clocksAreOff: false) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(10));
        var leader = simulation.Leaders.Single();
        leader.Healthy = false;
        simulation.Run(TimeSpan.FromSeconds(25));
        Assert.Equal(LeaderOutcome.Lost, leader.LastOutcome);
        Assert.NotSame(leader, simulation.Leaders.Single());
    }

    [Fact]
    public void A_higher_epoch_met_makes_the_leader_take_over_anew_above_it()
    {
        var simulation = new ElectionSimulation(5, 2, clocksAreOff: false) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(10));
        var leader = simulation.Leaders.Single();
        leader.Process.Run(() => leader.Elector.RaiseEpochAbove(41));
        simulation.Run(TimeSpan.FromSeconds(3));
        Assert.Same(leader, simulation.Leaders.Single());
        Assert.Equal(42, leader.Elector.Epoch);
        Assert.Equal(42, simulation.Lease.Stored!.Spec!.LeaseTransitions);
    }

    [Fact]
    public void A_deleted_lease_ends_the_term_and_the_epoch_still_grows()
    {
        var simulation = new ElectionSimulation(6, 2, clocksAreOff: false) { Lease = { IsFaulty = false } };
        simulation.Run(TimeSpan.FromSeconds(10));
        var leader = simulation.Leaders.Single();
        var epoch = leader.Elector.Epoch;
        simulation.Lease.Delete();
        simulation.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(LeaderOutcome.Lost, leader.LastOutcome);
        Assert.True(simulation.Leaders.Single().Elector.Epoch > epoch);
    }

    private static void Sweep(int members, int seeds, TimeSpan time)
    {
        var terms = 0;
        for (var seed = 1; seed <= seeds; seed++)
        {
            var simulation = new ElectionSimulation(seed, members);
            simulation.Run(time, simulation.Trouble);
            simulation.Lease.IsFaulty = false;
            simulation.Run(TimeSpan.FromMinutes(3));
            Assert.True(simulation.Leaders.Any() || simulation.Members.Any(static m => !m.Healthy), $"seed {seed}: nobody leads though nothing is wrong");
            terms += simulation.Terms;
        }
        Assert.True(terms > seeds * 3, $"only {terms} terms: the trouble is too small to prove anything");
        TestContext.Current.TestOutputHelper?.WriteLine($"{seeds} seeds, {terms} terms");
    }
}
