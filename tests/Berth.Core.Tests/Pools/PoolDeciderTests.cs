using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Pools;

public sealed class PoolDeciderTests
{
    private static readonly Fault Trouble = new(Reasons.ImagePullFailed, "pod a: no such image");

    private static PoolObserved Fixed(int replicas, params PoolPod[] pods) => P.Seen(s => s with { Replicas = replicas }, pods: pods);

    private static PoolPod Old(string name, Func<PoolPod, PoolPod>? with = null) => P.Pod(name, p => (with ?? (x => x))(p with { Hash = "old" }));

    [Fact]
    public void A_roll_begins_with_one_more_pod_and_takes_nothing_away()
    {
        var decision = PoolDecider.Decide(Fixed(2, Old("a"), Old("b")));
        Assert.Equal((1, 0), (decision.Create, decision.Delete.Count));
        Assert.Empty(decision.Retiring);
    }

    [Fact]
    public void Once_a_new_pod_is_ready_an_idle_old_one_ends()
    {
        var decision = PoolDecider.Decide(Fixed(2, Old("a", p => p with { Running = 1 }), Old("b"), P.Pod("c")));
        Assert.Equal(["b"], decision.Delete.Select(p => p.Name));
    }

    [Fact]
    public void A_busy_old_pod_gets_no_new_work_and_is_waited_for()
    {
        var decision = PoolDecider.Decide(Fixed(1, Old("a", p => p with { Reserved = 1 }), P.Pod("b")));
        Assert.Empty(decision.Delete);
        Assert.Equal(["uid-a"], decision.Retiring);
        Assert.Equal(0, decision.Create);
    }

    [Fact]
    public void An_idle_old_pod_makes_room_where_there_is_none_for_one_more()
    {
        var full = Fixed(1, Old("a")) with { Refused = new Fault(Reasons.QuotaExceeded, "full"), CreateNotBefore = A.T0.AddSeconds(5) };
        Assert.Equal(["a"], PoolDecider.Decide(full).Delete.Select(p => p.Name));
        var stuck = Fixed(1, Old("a"), P.Starting("b") with { Trouble = new Fault(Reasons.Unschedulable, "no room") });
        Assert.Equal(["a"], PoolDecider.Decide(stuck).Delete.Select(p => p.Name));
    }

    [Fact]
    public void A_pool_that_has_all_its_pods_does_not_say_that_there_is_no_room_for_more()
    {
        var full = new Fault(Reasons.QuotaExceeded, "full");
        var whole = PoolDecider.Decide(Fixed(1, P.Pod("a")) with { Refused = full, CreateNotBefore = A.T0.AddSeconds(5) });
        Assert.Equal((ConditionStatus.True, Reasons.AsExpected), (P.Ready(whole).Status, P.Ready(whole).Reason));
        var starting = PoolDecider.Decide(Fixed(1, P.Starting("a")) with { Refused = full });
        Assert.Equal((Reasons.PodsStarting, null), (P.Ready(starting).Reason, starting.Fault));
        var less = PoolDecider.Decide(Fixed(2, P.Pod("a")) with { Refused = full });
        Assert.Equal((ConditionStatus.True, Reasons.QuotaExceeded), (P.Ready(less).Status, P.Ready(less).Reason));
        // What is no matter of room is said all the same.
        Assert.Equal(Reasons.PodsFailing, PoolDecider.Decide(Fixed(1, P.Starting("a")) with { Refused = new Fault(Reasons.PodsFailing, "ended") }).Fault?.Reason);
        Assert.Equal(Reasons.InvalidTemplate, PoolDecider.Decide(Fixed(1, P.Starting("a")) with { Refused = new Fault(Reasons.InvalidTemplate, "bad", Retry: false) }).Fault?.Reason);
    }

    [Fact]
    public void A_pod_whose_agent_has_not_connected_yet_is_looked_at_when_it_should_have()
    {
        var due = A.T0.AddSeconds(40);
        Assert.Equal(due, PoolDecider.Decide(Fixed(1, P.Starting("a") with { HeardBy = due })).WakeAt);
        Assert.Null(PoolDecider.Decide(Fixed(1, P.Starting("a"))).WakeAt);
    }

    [Fact]
    public void Old_pods_that_never_came_up_end_at_once_and_hold_nothing_back()
    {
        var stuck = Enumerable.Range(0, 20).Select(i => Old($"p{i}", p => p with { Ready = false, Idle = 0, Trouble = Trouble })).ToArray();
        var decision = PoolDecider.Decide(Fixed(1, stuck));
        Assert.Equal((20, 1), (decision.Delete.Count, decision.Create));
    }

    [Fact]
    public void A_template_that_cannot_be_used_ends_nothing()
    {
        var seen = Fixed(1, Old("a")) with { Stamp = new StampedPod(null, "", new Fault(Reasons.InvalidTemplate, "bad", Retry: false)) };
        var decision = PoolDecider.Decide(seen);
        Assert.Equal((0, 0), (decision.Create, decision.Delete.Count));
        Assert.Equal(Reasons.InvalidTemplate, decision.Fault!.Reason);
    }

    [Fact]
    public void A_drained_pod_is_replaced_at_once_and_ends_when_it_is_free()
    {
        var busy = PoolDecider.Decide(Fixed(1, P.Busy("a", running: 1, with: p => p with { Draining = true, Leaving = true })));
        Assert.Equal((1, 0), (busy.Create, busy.Delete.Count));
        var free = PoolDecider.Decide(Fixed(1, P.Pod("a", p => p with { Draining = true, Leaving = true })));
        Assert.Equal((1, 1), (free.Create, free.Delete.Count));
    }

    [Fact]
    public void A_free_pod_on_a_cordoned_node_ends_once_another_is_ready_in_its_place()
    {
        var cordoned = P.Pod("a", p => p with { Draining = true });
        Assert.Empty(PoolDecider.Decide(Fixed(1, cordoned, P.Starting("b"))).Delete);
        Assert.Equal(["a"], PoolDecider.Decide(Fixed(1, cordoned, P.Pod("b"))).Delete.Select(p => p.Name));
    }

    [Fact]
    public void A_promise_keeps_a_pod() => Assert.Empty(PoolDecider.Decide(Fixed(0, P.Pod("a", p => p with { Offered = 1 }))).Delete);

    [Fact]
    public void A_pool_that_goes_ends_what_is_free_and_creates_nothing()
    {
        var seen = Fixed(3, P.Pod("a"), P.Busy("b", running: 1));
        var decision = PoolDecider.Decide(seen with { Pool = seen.Pool with { Metadata = seen.Pool.Metadata with { DeletionTimestamp = A.T0 } } });
        Assert.Equal(["a"], decision.Delete.Select(p => p.Name));
        Assert.Equal((0, (int?)null), (decision.Create, decision.Replicas));
    }

    [Fact]
    public void While_pods_are_in_trouble_there_is_one_more_than_are_ready()
    {
        Assert.Equal(0, PoolDecider.Decide(Fixed(50, P.Starting("a") with { Trouble = Trouble })).Create);
        Assert.Equal(1, PoolDecider.Decide(Fixed(50, P.Starting("a") with { Trouble = Trouble }, P.Pod("b"))).Create);
        Assert.Equal(48, PoolDecider.Decide(Fixed(50, P.Starting("a"), P.Pod("b"))).Create);
        Assert.Equal(CreationBackoff.Batch, PoolDecider.Decide(Fixed(500)).Create);
    }

    [Fact]
    public void After_a_refusal_nothing_is_created_before_its_time()
    {
        var seen = Fixed(2) with { Refused = new Fault(Reasons.QuotaExceeded, "full"), CreateNotBefore = A.T0.AddSeconds(8) };
        var decision = PoolDecider.Decide(seen);
        Assert.Equal((0, A.T0.AddSeconds(8)), (decision.Create, decision.WakeAt));
        Assert.Equal((Reasons.QuotaExceeded, ConditionStatus.False), (P.Ready(decision).Reason, P.Ready(decision).Status));
        Assert.Equal(2, PoolDecider.Decide(seen with { Now = A.T0.AddSeconds(8) }).Create);
    }

    [Fact]
    public void Pauses_grow_and_end_growing()
    {
        Assert.Equal([0, 2, 4, 8, 16, 32, 64, 120, 120], Enumerable.Range(0, 9).Select(n => (int)CreationBackoff.Pause(n).TotalSeconds));
        Assert.Equal(120, CreationBackoff.Pause(1000).TotalSeconds);
    }

    [Fact]
    public void Trouble_blocks_only_where_nothing_is_ready()
    {
        var none = PoolDecider.Decide(Fixed(2, P.Starting("a") with { Trouble = Trouble }));
        Assert.Equal((Reasons.ImagePullFailed, ConditionStatus.False, Trouble), (P.Ready(none).Reason, P.Ready(none).Status, none.Fault));
        var some = PoolDecider.Decide(Fixed(2, P.Starting("a") with { Trouble = Trouble }, P.Pod("b")));
        Assert.Equal((Reasons.ImagePullFailed, ConditionStatus.True, null), (P.Ready(some).Reason, P.Ready(some).Status, some.Fault));
    }

    [Fact]
    public void Rebalancing_drains_one_pod_of_the_fullest_node_at_a_time_and_ends()
    {
        PoolPod On(string name, string node, Func<PoolPod, PoolPod>? with = null) => P.Pod(name, p => (with ?? (x => x))(p with { Node = node }));
        PoolObserved Asked(params PoolPod[] pods)
        {
            var seen = Fixed(3, pods) with { Nodes = ["n1", "n2"] };
            return seen with { Pool = seen.Pool with { Metadata = seen.Pool.Metadata with { Annotations = new Dictionary<string, string> { [Names.RebalanceAnnotation] = "2030-01-01T12:00:00Z" } } } };
        }
        var begun = PoolDecider.Decide(Asked(On("a", "n1", p => p with { Running = 1 }), On("b", "n1"), On("c", "n1")));
        Assert.Equal("b", begun.Drain!.Value.Pod.Name);
        Assert.Null(begun.Status!.Rebalanced);
        var moving = PoolDecider.Decide(Asked(On("a", "n1"), On("b", "n1", p => p with { Draining = true, DrainedFor = begun.Drain.Value.For }), On("c", "n1"), On("d", "n2")));
        Assert.Null(moving.Drain);
        var done = PoolDecider.Decide(Asked(On("a", "n1"), On("c", "n1"), On("d", "n2")));
        Assert.Equal("2030-01-01T12:00:00Z", done.Status!.Rebalanced);
        // The scheduler put the successor where the old one was: it is not moved again.
        var stubborn = PoolDecider.Decide(Asked(On("a", "n1", p => p with { CreatedAt = A.T0.AddSeconds(1) }), On("c", "n1", p => p with { CreatedAt = A.T0.AddSeconds(1) }), On("d", "n1", p => p with { CreatedAt = A.T0.AddSeconds(1) })));
        Assert.Equal((null, "2030-01-01T12:00:00Z"), (stubborn.Drain, stubborn.Status!.Rebalanced));
    }

    [Theory]
    [InlineData("aws-node-termination-handler/spot-itn", true)]
    [InlineData("cloud.google.com/impending-node-termination", true)]
    [InlineData("karpenter.sh/disrupted", true)]
    [InlineData("ToBeDeletedByClusterAutoscaler", true)]
    [InlineData("node.kubernetes.io/not-ready", false)]
    [InlineData("kubernetes.azure.com/scalesetpriority", false)]
    public void A_node_that_is_about_to_go_says_so_by_its_taints(string taint, bool leaving) => Assert.Equal(leaving, NodeNotice.Of(false, [taint], []) is { Soon: true });

    [Fact]
    public void A_node_that_is_about_to_go_says_so_by_its_conditions_and_a_cordoned_one_is_kept()
    {
        Assert.True(NodeNotice.Of(true, [], ["Ready", "VMEventScheduled"])!.Soon);
        Assert.False(NodeNotice.Of(true, ["node.kubernetes.io/unschedulable"], ["Ready"])!.Soon);
        Assert.Null(NodeNotice.Of(false, [], ["Ready"]));
    }
}
