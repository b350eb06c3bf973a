using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Placement;

public sealed class SupersedeTests
{
    private static WaitingTask Task(string name, int age, bool supersedes = false, bool discardable = true) =>
        new() { Name = name, Uid = name, Workspace = "net", QueuedAt = A.T0.AddSeconds(-age), ApplyCapable = true, Supersedes = supersedes, Discardable = discardable };

    private static PlacementResult Place(WorkspaceHolder? holder, params WaitingTask[] waiting) => Placer.Place(new PlacementSnapshot
    {
        Pool = "pool",
        Slots = [],
        Waiting = waiting,
        ApplyBudget = new Dictionary<string, int>(),
        Workspaces = holder is null ? new Dictionary<string, WorkspaceHolder>() : new Dictionary<string, WorkspaceHolder> { ["net"] = holder },
    });

    [Fact]
    public void The_newest_that_asks_discards_every_older_one_that_nobody_approved()
    {
        var holder = new WorkspaceHolder("held", "held", "ApplyPending", A.T0.AddSeconds(-99), Discardable: true);
        var result = Place(holder, Task("a", 9), Task("b", 5, supersedes: true), Task("approved", 7, discardable: false), Task("newest", 1, supersedes: true), Task("later", 0));
        Assert.Equal([("a", "newest"), ("b", "newest"), ("held", "newest")], result.Superseded.Select(s => (s.Key, s.Value)).Order());
    }

    [Fact]
    public void Nothing_is_discarded_that_is_newer_or_under_way_or_that_nobody_asks_for()
    {
        Assert.Empty(Place(new WorkspaceHolder("held", "held", "Applying", A.T0.AddSeconds(-99)), Task("b", 5, supersedes: true)).Superseded);
        Assert.Empty(Place(new WorkspaceHolder("held", "held", "ApplyPending", A.T0, Discardable: true), Task("b", 5, supersedes: true)).Superseded);
        Assert.Empty(Place(new WorkspaceHolder("held", "held", "ApplyPending", A.T0.AddSeconds(-99), Discardable: true), Task("b", 5)).Superseded);
    }

    [Fact]
    public void A_discarded_task_ends_visibly_and_an_approved_one_does_not_end()
    {
        var ended = TaskDecider.Decide(A.Seen(A.Task(), s => s with { SupersededBy = "newer" }));
        Assert.Equal((TaskPhase.Expired, Reasons.Superseded), (ended.Status.Phase, ended.Status.Reason));
        Assert.Contains("newer", ended.Status.Message, StringComparison.Ordinal);
        var approved = A.Task(status: s => s with { Grant = new GrantStatus { ApprovedDigest = "d", RunDigest = "d" } });
        Assert.Equal(TaskPhase.Pending, TaskDecider.Decide(A.Seen(approved, s => s with { SupersededBy = "newer" })).Status.Phase);
    }
}
