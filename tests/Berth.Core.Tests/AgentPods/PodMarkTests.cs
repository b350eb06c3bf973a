using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.AgentPods;

/// <summary>What a pod tells drains and autoscalers.</summary>
public sealed class PodMarkTests
{
    private const string Pod = "uid-pod-a";
    private static readonly PodMark AtWork = new(true, false, 1000);
    private static readonly PodMark Reserved = new(false, false, 100);
    private static readonly PodMark Busy = new(false, false, 50);
    private static readonly DateTimeOffset Later = A.T0.AddHours(1);

    [Fact]
    public void An_apply_is_protected_a_reservation_is_costly_and_a_free_pod_may_go()
    {
        Assert.Equal(PodMark.Idle, PodMark.Of(Pod, [], false, PodMark.Idle, Later));
        Assert.Equal(AtWork, PodMark.Of(Pod, [A.Reserved(), A.Applying()], false, PodMark.Idle, Later));
        Assert.Equal(Reserved, PodMark.Of(Pod, [A.Reserved()], false, PodMark.Idle, Later));
        Assert.Equal(PodMark.Idle, PodMark.Of("another", [A.Applying()], false, PodMark.Idle, Later));
    }

    [Fact]
    public void A_lost_apply_is_protected_until_it_is_fenced()
    {
        var applying = A.Applying();
        var lost = applying with { Status = applying.Status with { Phase = TaskPhase.ApplyLost, Loss = new LossStatus() } };
        Assert.Equal(AtWork, PodMark.Of(Pod, [lost], false, PodMark.Idle, Later));
        var fenced = lost with { Status = lost.Status with { Loss = lost.Status.Loss! with { Fenced = true } } };
        Assert.False(PodMark.Of(Pod, [fenced], false, AtWork, Later).Protected);
    }

    [Fact]
    public void Short_work_is_not_worth_a_write_and_its_end_shows_at_once()
    {
        Assert.Equal(PodMark.Idle, PodMark.Of(Pod, [A.Applying()], false, PodMark.Idle, A.T0.AddSeconds(4)));
        Assert.Equal(AtWork, PodMark.Of(Pod, [A.Applying()], false, PodMark.Idle, A.T0.AddSeconds(5)));
        Assert.Equal(PodMark.Idle, PodMark.Of(Pod, [], false, AtWork, A.T0));
    }

    [Fact]
    public void What_is_not_written_keeps_a_pod_that_was_busy_from_being_called_free()
    {
        Assert.Equal(Busy, PodMark.Of(Pod, [], true, AtWork, Later));
        Assert.Equal(PodMark.Idle, PodMark.Of(Pod, [], true, PodMark.Idle, Later));
    }
}
