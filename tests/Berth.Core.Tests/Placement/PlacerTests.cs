using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Placement;

public sealed class PlacerTests
{
    private static FreeSlot Slot(string pod, int index, bool current = true) => new(pod, $"uid-{pod}", index, "node", "boot", 1, current);

    private static WaitingTask Task(string name, string? workspace = null, int priority = 0, int age = 0, bool approved = false, bool applyCapable = true) => new()
    {
        Name = name,
        Uid = name,
        Workspace = workspace ?? name,
        Priority = priority,
        QueuedAt = A.T0.AddSeconds(-age),
        Approved = approved,
        ApplyCapable = applyCapable,
    };

    private static PlacementResult Place(IReadOnlyList<FreeSlot> slots, IReadOnlyList<WaitingTask> waiting, int budget = 10, Dictionary<string, WorkspaceHolder>? workspaces = null, params Reservation[] displaceable) =>
        Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = slots,
            Waiting = waiting,
            ApplyBudget = slots.Select(s => s.PodUid).Distinct().ToDictionary(p => p, _ => budget),
            Workspaces = workspaces ?? [],
            Displaceable = displaceable,
        });

    [Fact]
    public void Approved_first_then_priority_then_age_then_uid()
    {
        WaitingTask[] tasks = [Task("d"), Task("c"), Task("old", age: 9), Task("vip", priority: 1), Task("approved", approved: true)];
        string[] order = ["approved", "vip", "old", "c", "d"];
        for (var n = 1; n <= tasks.Length; n++)
            Assert.Equal(order.Take(n).Order(), Place([.. Enumerable.Range(0, n).Select(i => Slot("p", i))], tasks).Offers.Keys.Order());
    }

    [Fact]
    public void One_task_that_can_change_a_workspace_at_a_time_and_plans_beside_it()
    {
        var result = Place([Slot("p", 0), Slot("p", 1), Slot("p", 2)], [Task("a", "net", age: 2), Task("b", "net"), Task("look", "net", applyCapable: false)]);
        Assert.Equal(["a", "look"], result.Offers.Keys.Order());
        Assert.Equal(Reasons.WaitingForWorkspace, result.Waits["b"].Reason);
        Assert.Contains("task a", result.Waits["b"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_holder_may_take_its_own_workspace_again() =>
        Assert.Single(Place([Slot("p", 0)], [Task("a", "net")], workspaces: new() { ["net"] = new WorkspaceHolder("a", "a", "ApplyPending") }).Offers);

    [Fact]
    public void A_pod_holds_only_so_much_work_that_can_change_things()
    {
        var result = Place([Slot("p", 0), Slot("p", 1), Slot("p", 2)], [Task("a"), Task("b"), Task("plan", applyCapable: false)], budget: 1);
        Assert.Equal(["a", "plan"], result.Offers.Keys.Order());
    }

    [Fact]
    public void Work_is_spread_and_outdated_pods_come_last()
    {
        var result = Place([Slot("p", 0), Slot("p", 1), Slot("q", 0), Slot("old", 0, current: false)], [Task("a"), Task("b")]);
        Assert.Equal(["p", "q"], result.Offers.Values.Select(s => s.Pod).Order());
    }

    [Fact]
    public void An_approved_task_without_a_slot_asks_for_the_oldest_unapproved_reservation()
    {
        var result = Place([], [Task("a", approved: true), Task("b")], displaceable: [new Reservation("young", "u", 0, A.T0), new Reservation("old", "u", 1, A.T0.AddHours(-1))]);
        Assert.Equal(["old"], result.Displaced);
    }

    [Theory]
    [InlineData(1, null, true)]
    // Whoever leaves, this workspace has all that it may have.
    [InlineData(null, 1, false)]
    [InlineData(1, 1, false)]
    // Limits that cannot be read let nobody in.
    [InlineData(0, null, false)]
    public void A_reservation_makes_way_for_an_approved_task_under_a_cap_only_where_that_lets_it_in(int? tasks, int? ofWorkspace, bool displaced)
    {
        var result = Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [Slot("p", 0)],
            Waiting = [Task("a", "net", approved: true)],
            ApplyBudget = new Dictionary<string, int> { ["uid-p"] = 1 },
            Workspaces = new Dictionary<string, WorkspaceHolder> { ["net"] = new("a", "a", "ApplyPending") },
            Caps = [new TaskCap("pool", 9, null, 1, new Dictionary<string, int>()), new TaskCap("namespace", tasks, ofWorkspace, 1, new Dictionary<string, int> { ["net"] = 1 })],
            Displaceable = [new Reservation("other", "u", 0, A.T0)],
        });
        Assert.Equal(Reasons.LimitReached, result.Waits["a"].Reason);
        Assert.Equal(displaced ? ["other"] : [], result.Displaced);
    }

    [Fact]
    public void Where_nothing_new_may_begin_what_is_approved_still_does()
    {
        var full = new WaitCause(Reasons.LimitReached, "the namespace keeps as much as it may");
        var result = Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [Slot("p", 0), Slot("p", 1)],
            Waiting = [Task("new"), Task("look", applyCapable: false), Task("approved", approved: true)],
            ApplyBudget = new Dictionary<string, int> { ["uid-p"] = 2 },
            Workspaces = new Dictionary<string, WorkspaceHolder>(),
            NothingNew = full,
        });
        Assert.Equal(["approved"], result.Offers.Keys);
        Assert.Equal([full, full], result.Waits.Values);
        Assert.Equal(0, result.Unmet.Tasks);
    }

    [Fact]
    public void Work_goes_to_the_emptiest_node_first_and_there_to_the_emptiest_pod()
    {
        FreeSlot On(string node, string pod, int index) => Slot(pod, index) with { Node = node };
        var result = Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [On("busy", "a", 0), On("busy", "b", 0), On("calm", "c", 0), On("calm", "c", 1)],
            Waiting = [Task("first", age: 3), Task("second", age: 2), Task("third", age: 1)],
            ApplyBudget = new[] { "a", "b", "c" }.ToDictionary(p => $"uid-{p}", _ => 9),
            Load = new Dictionary<string, int> { ["uid-b"] = 1 },
            NodeLoad = new Dictionary<string, int> { ["busy"] = 1 },
            Workspaces = new Dictionary<string, WorkspaceHolder>(),
        });
        Assert.Equal([("first", "c"), ("second", "a"), ("third", "c")], result.Offers.Select(o => (o.Key, o.Value.Pod)).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_snapshots_are_never_oversold_and_always_placed_alike(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            FreeSlot[] slots = [.. Enumerable.Range(0, random.Next(0, 20)).Select(i => Slot($"p{i % 5}", i / 5))];
            WaitingTask[] tasks = [.. Enumerable.Range(0, random.Next(0, 30)).Select(i => Task($"t{i}", $"w{random.Next(8)}", random.Next(3), random.Next(5), random.Next(4) == 0, random.Next(3) > 0))];
            var budget = random.Next(1, 4);
            var result = Place(slots, tasks, budget);
            Assert.Equal(result.Offers.Count, result.Offers.Values.Distinct().Count());
            var capable = tasks.Where(t => t.ApplyCapable && result.Offers.ContainsKey(t.Uid)).ToList();
            Assert.Equal(capable.Count, capable.Select(t => t.Workspace).Distinct().Count());
            Assert.All(capable.GroupBy(t => result.Offers[t.Uid].PodUid), g => Assert.True(g.Count() <= budget, $"seed {seed}, round {round}"));
            Assert.All(tasks, t => Assert.True(result.Offers.ContainsKey(t.Uid) != result.Waits.ContainsKey(t.Uid), $"seed {seed}, round {round}: {t.Name} has neither a slot nor a reason"));
            var shuffled = tasks.OrderBy(_ => random.Next()).ToList();
            Assert.Equal(result.Offers.OrderBy(o => o.Key), Place(slots, shuffled, budget).Offers.OrderBy(o => o.Key));
        }
    }
}
